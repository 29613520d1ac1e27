"""Pay out what a channel has waiting: what was collected for it, and what is held for it."""

from functools import partial
from uuid import UUID

from shared_lib.domain.money import SETTLEMENT_ASSETS, USDT, Asset
from shared_lib.domain.offer import Channel, Strategy
from shared_lib.events import PoolRequested
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.forming import Batch, Purse, collect, pay_out, rest_unpaid


def start_payout(ports: Ports, channel_id: UUID) -> None:
    """Begin every payout that a channel can have now, each if it is worth what it costs.

    What was collected for a threshold channel is the pool's to convert, which is asked to look.
    """
    with ports.database.transaction() as tx:
        channel = tx.channels.lock(channel_id)
        if channel is None:
            return
        batches = [_collect(ports, tx, channel, purse) for purse in _purses(ports, channel)]
        if channel.strategy is Strategy.THRESHOLD:
            asset = ports.policy.settlement_asset.id
            tx.outbox.add(PoolRequested(asset=asset), ports.clock.now())
    for batch in batches:
        if batch is not None:
            pay_out(ports, batch, partial(_stands, ports, channel_id, batch.purse))


def _purses(ports: Ports, channel: Channel) -> list[Purse]:
    """What is the channel's to pay out: what is held, and what was collected if that is instant.

    Money that came before the deployment changed its settlement asset is paid out as it came.
    """
    held = Purse(channel.id, Strategy.THRESHOLD, USDT, channel.target)
    if channel.strategy is Strategy.THRESHOLD:
        return [held]
    settled = ports.policy.settlement_asset
    others = [one for one in SETTLEMENT_ASSETS if one != settled]
    return [*(_collected(channel, one) for one in (settled, *others)), held]


def _collected(channel: Channel, asset: Asset) -> Purse:
    return Purse(channel.id, Strategy.INSTANT, asset, channel.target)


def _collect(ports: Ports, tx: Transaction, channel: Channel, purse: Purse) -> Batch | None:
    """What goes out of a purse now; what does not is looked at again in time."""
    if _is_due(ports, tx, channel, purse):
        return collect(ports, tx, purse)
    now, pause = ports.clock.now(), ports.policy.payout_wait_seconds
    if channel.held_until is not None and channel.is_on_hold(now):
        pause = (channel.held_until - now).total_seconds()
    rest_unpaid(ports, tx, purse, pause)
    return None


def _is_due(ports: Ports, tx: Transaction, channel: Channel, purse: Purse) -> bool:
    if channel.is_on_hold(ports.clock.now()):
        return False
    return purse.strategy is Strategy.INSTANT or channel.pays(tx.shares.held(channel.id))


def _stands(ports: Ports, channel_id: UUID, purse: Purse, tx: Transaction) -> bool:
    """Whether the channel, locked by this, is still to be paid in the same way."""
    channel = tx.channels.lock(channel_id)
    if channel is None or purse not in _purses(ports, channel):
        return False
    return _is_due(ports, tx, channel, purse)
