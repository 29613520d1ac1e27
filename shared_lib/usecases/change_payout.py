"""Change how and where a channel's owner is paid, whatever money is on its way."""

from dataclasses import dataclass, replace
from uuid import UUID

from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import Channel, PayoutTarget, Strategy
from shared_lib.events import PayoutRequested
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.checking_payout import checked_target, strategy_problem
from shared_lib.usecases.messages import Facts
from shared_lib.usecases.owning import audit_owner, require_owned
from shared_lib.usecases.register_channel import InvalidChannelError
from shared_lib.usecases.telling import tell


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """How and where an owner wants to be paid; `threshold_cents` is None for instant payouts."""

    strategy: Strategy
    threshold_cents: int | None
    target: PayoutTarget


def change_payout(ports: Ports, account_id: UUID, channel_id: UUID, wanted: PayoutTerms) -> Channel:
    """Take over new terms for one of the account's channels; the channel with them.

    Money whose bytes are signed goes where it was promised to. Everything else follows the new
    terms: what is not signed yet is freed when its destination is compared, what was collected
    follows the strategy, and what is held goes out at once if payouts are instant now. After a
    change of the wallet nothing goes out for a while, and the owner is told of it.

    Raises InvalidChannelError naming the fields, ActionRefusedError where it is not their channel.
    """
    target, problems = checked_target(ports, wanted.target)
    strategy = strategy_problem(ports, wanted.strategy, wanted.threshold_cents)
    if problems or strategy is not None:
        raise InvalidChannelError([*problems, *([strategy] if strategy else [])])
    with ports.database.transaction() as tx:
        channel = require_owned(tx.channels.lock(channel_id), account_id)
        return apply_terms(ports, tx, channel, replace(wanted, target=target))


def apply_terms(ports: Ports, tx: Transaction, channel: Channel, terms: PayoutTerms) -> Channel:
    """Take over terms that were checked, for a channel that is locked by us."""
    changed = _changed(ports, channel, terms)
    if changed != channel:
        _keep(ports, tx, channel, changed)
    return changed


def _changed(ports: Ports, channel: Channel, terms: PayoutTerms) -> Channel:
    moved = terms.target != channel.target
    return replace(
        channel,
        strategy=terms.strategy,
        threshold_cents=terms.threshold_cents,
        target=terms.target,
        held_until=ports.clock.now() + ports.policy.wallet_hold if moved else channel.held_until,
    )


def _keep(ports: Ports, tx: Transaction, before: Channel, after: Channel) -> None:
    now = ports.clock.now()
    tx.channels.save_payout(after)
    detail = {"strategy": after.strategy.value, "asset": after.target.asset.id}
    subject = ("channel", str(after.id))
    audit_owner(ports, tx, after.account_id, "change_payout", subject, **detail)
    tx.outbox.add(PayoutRequested(channel_id=after.id), now)
    owner = tx.channels.owner_of(after.id)
    if owner is not None and after.target != before.target and after.held_until is not None:
        facts: Facts = {
            "channel": tx.channels.closed_chat(after.id).title,
            "asset": after.target.asset.id,
            "address": after.target.address,
            "until": after.held_until.isoformat(),
        }
        tell(ports, tx, owner, NoticeKind.WALLET_CHANGED, f"{after.id}:{now.isoformat()}", facts)
