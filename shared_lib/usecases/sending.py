"""The checks before money leaves, made twice: when authorising, and again before signing."""

from dataclasses import dataclass, replace
from datetime import timedelta

from shared_lib.domain.currency import swappable_part
from shared_lib.domain.ledger import Account
from shared_lib.domain.money import ETH, USDT, Money, total
from shared_lib.domain.notional import notional_cap_cents, notional_cents
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.payout import Payout, PayoutState, WaitingFor, conversion_target
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.share import Share, total_worth
from shared_lib.domain.swap import Swap, SwapState, is_near_market
from shared_lib.domain.transfer import (
    AttemptKind,
    Fees,
    QuoteFacts,
    Refusal,
    SendFacts,
    Transfer,
    TransferState,
    Wallet,
    refusal,
)
from shared_lib.events import TransferAuthorized
from shared_lib.ports import Ports, Transaction, Watched
from shared_lib.usecases.day_caps import day_room
from shared_lib.usecases.returning import close_refusals, look_again, quote_anew, stand_down
from shared_lib.usecases.setback import review

# Assets that this deployment can send. Anything else is refused, never guessed.
SENDABLE_ASSETS = frozenset({ETH.id, USDT.id})
_ZERO_ADDRESS = "0x" + "0" * 40
# While one of these holds, not even a cancel can be signed.
_STANDSTILL = frozenset({Refusal.WALLET_FROZEN, Refusal.WRONG_CHAIN, Refusal.GAS_FLOAT_LOW})


@dataclass(frozen=True, slots=True)
class ChainView:
    """What was seen outside just before the decision.

    `is_waiting` says whether the exchange still awaits its deposit; None: it was not asked.
    """

    chain_id: int
    fees: Fees
    mined_nonce: int
    is_waiting: bool | None = None


@dataclass(frozen=True, slots=True)
class Locked:
    """A transfer with all that it depends on, locked in the order of the locks."""

    payout: Payout
    swap: Swap | None
    shares: list[Share]
    transfer: Transfer
    wallet: Wallet

    @property
    def owed(self) -> Money:
        """The sum of the payout's locked shares."""
        return total([share.amount for share in self.shares], self.payout.amount.asset)


def look_at_chain(ports: Ports, transfer: Transfer) -> ChainView:
    """Ask the node for all that the checks need. Raises ProviderError."""
    return ChainView(
        chain_id=ports.chain.chain_id(),
        fees=ports.chain.fees_for(transfer.wallet_address, transfer.destination, transfer.amount),
        mined_nonce=ports.chain.mined_nonce(transfer.wallet_address),
    )


def lock_all(tx: Transaction, known: Transfer) -> Locked:
    """Lock payout, swap, shares, transfer and wallet. Raises LookupError if one is missing."""
    payout = tx.payouts.lock(known.payout_id)
    swap = tx.swaps.lock(known.swap_id) if known.swap_id else None
    shares = tx.shares.lock_of_payout(known.payout_id)
    transfer = tx.transfers.lock(known.id)
    wallet = tx.wallets.lock(known.wallet_address)
    if payout is None or transfer is None or wallet is None:
        raise LookupError(f"transfer {known.id} lacks its payout or its wallet")
    return Locked(payout, swap, shares, transfer, wallet)


# ---- deciding ------------------------------------------------------------------------------------


def is_quote_dead(ports: Ports, swap: Swap | None) -> bool:
    """Whether too little of a swap's promise is left to sign for it."""
    left = swap.quote_left(ports.clock.now()) if swap else None
    return left is not None and left.total_seconds() < ports.policy.swap_sign_seconds_least


def is_promise_ending(ports: Ports, swap: Swap | None) -> bool:
    """Whether bytes that fund this swap may no longer reach the network. A cancel may."""
    left = swap.quote_left(ports.clock.now()) if swap else None
    return left is not None and left.total_seconds() < ports.policy.swap_cancel_seconds


def why_not(ports: Ports, tx: Transaction, locked: Locked, view: ChainView) -> Refusal | None:
    """The reason why this transfer must not be sent now, or None."""
    transfer, payout, owed = locked.transfer, locked.payout, locked.owed
    asset = transfer.amount.asset
    worth = total_worth(share.worth for share in locked.shares)
    reserved, gas_reserved = tx.wallets.reserved(asset, besides=transfer.id)
    facts = SendFacts(
        sends_stopped=tx.controls.sends_stopped(),
        wallet=locked.wallet,
        chain_id=view.chain_id,
        expected_chain_id=ports.policy.chain_id,
        is_funded=payout.funded_at is not None,
        has_wrong_share=tx.payouts.has_wrong_share(payout.id),
        has_refunded_payment=tx.payouts.has_refunded_payment(payout.id),
        asset_id=asset.id,
        owed_asset_id=owed.asset.id,
        sendable_assets=SENDABLE_ASSETS,
        has_changed_target=payout.target != _wanted_target(tx, payout, transfer),
        destination=transfer.destination,
        expected_destination=_expected_destination(locked),
        refused_destinations=_refused_destinations(ports, transfer),
        amount=transfer.amount.base_units,
        expected_amount=(owed if locked.swap is None else swappable_part(owed)).base_units,
        cap=ports.policy.cap_of(asset),
        notional_cents=notional_cents(transfer.amount, worth, owed),
        notional_cap_cents=notional_cap_cents(worth, ports.policy.notional_tolerance_bps),
        payout_cents=payout.worth_cents,
        day_room_cents=_day_room(ports, tx, payout),
        spendable=tx.ledger.balance(Account.HOST_WALLET, asset).base_units - reserved,
        gas_worst_case=view.fees.worst_case,
        gas_available=tx.ledger.balance(Account.GAS_FLOAT, ETH).base_units - gas_reserved,
        quote=_quote_facts(ports, locked.swap, view) if locked.swap else None,
    )
    return refusal(facts)


def _day_room(ports: Ports, tx: Transaction, payout: Payout) -> int:
    """How much may still go to this payout's owner today; a conversion pays nobody."""
    if payout.channel_id is None:
        return payout.worth_cents
    return day_room(ports, tx, payout.channel_id)


def _wanted_target(tx: Transaction, payout: Payout, transfer: Transfer) -> PayoutTarget:
    """Where the money should go as of now: to the owner, or back to the wallet it comes from."""
    if payout.channel_id is None:
        return conversion_target(transfer.wallet_address)
    channel = tx.channels.get(payout.channel_id)
    if channel is None:
        raise LookupError(f"payout {payout.id} has no channel")
    return channel.target


def _expected_destination(locked: Locked) -> str:
    """The owner's frozen address, or the pay-in of the payout's own exchange."""
    if locked.swap is None:
        return locked.payout.target.address
    return locked.swap.exchange.payin_address if locked.swap.exchange else ""


def _refused_destinations(ports: Ports, transfer: Transfer) -> frozenset[str]:
    contracts = {ports.policy.usdt_contract.lower()} if ports.policy.usdt_contract else set[str]()
    return frozenset({_ZERO_ADDRESS, transfer.wallet_address.lower(), *contracts})


def _quote_facts(ports: Ports, swap: Swap, view: ChainView) -> QuoteFacts:
    left = swap.quote_left(ports.clock.now()) or timedelta(0)
    near = swap.terms is not None and is_near_market(
        swap.terms.fixed.quote, swap.terms.market, ports.policy.swap_market_tolerance_bps
    )
    return QuoteFacts(
        sold=swap.sold.base_units,
        seconds_left=left.total_seconds(),
        seconds_least=ports.policy.swap_sign_seconds_least,
        is_near_market=near,
        is_waiting=view.is_waiting,
    )


# ---- refusing ------------------------------------------------------------------------------------


def refuse(ports: Ports, tx: Transaction, locked: Locked, reason: Refusal) -> None:
    """Keep the money where it is: wait, form the payout anew, or hand over to a person.

    `locked.transfer` has no bytes. What an operator or a clock stopped needs no review.
    """
    if reason is not Refusal.SENDS_STOPPED and not reason.frees_shares:
        show_refusal(ports, tx, locked, reason)
    if locked.transfer.state is TransferState.SIGNING and not _give_nonce_back(ports, tx, locked):
        _refuse_with_nonce(ports, tx, locked, reason)
        return
    if reason.may_pass:
        pause(ports, tx, locked.transfer)
    elif reason.frees_shares:
        _free_shares(ports, tx, locked, reason)
    else:
        tx.wallets.unreserve(locked.transfer.id)
        transfer = tx.transfers.lock(locked.transfer.id) or locked.transfer
        tx.transfers.save(transfer.moved(TransferState.REVIEW, None))
        _hand_over(tx, locked)


def _hand_over(tx: Transaction, locked: Locked) -> None:
    """A person decides what becomes of the payout; its shares stay locked."""
    tx.payouts.save(locked.payout.moved(PayoutState.REVIEW, None))
    if locked.swap is not None:
        tx.swaps.save(locked.swap.moved(SwapState.REVIEW, None))


def _free_shares(ports: Ports, tx: Transaction, locked: Locked, reason: Refusal) -> None:
    if reason is Refusal.OVER_DAY_CAP:
        stand_down(ports, tx, locked.payout, WaitingFor.DAY_CAP)
    elif reason is not Refusal.DESTINATION_CHANGED and locked.swap is not None:
        quote_anew(ports, tx, locked.payout, locked.swap)
    else:
        stand_down(ports, tx, locked.payout, WaitingFor.DESTINATION_CHANGED)


def _give_nonce_back(ports: Ports, tx: Transaction, locked: Locked) -> bool:
    """Whether the nonce, which has no bytes, was the highest and is free again."""
    transfer, wallet = locked.transfer, locked.wallet
    if transfer.nonce != wallet.next_nonce - 1:
        return False
    tx.wallets.save(replace(wallet, next_nonce=wallet.next_nonce - 1))
    tx.transfers.save(transfer.without_nonce(look_again(ports, transfer.watch)))
    return True


def _refuse_with_nonce(ports: Ports, tx: Transaction, locked: Locked, reason: Refusal) -> None:
    """A lower nonce cannot be given back, as those above it would never be mined.

    It is filled by a cancel, and the payout goes on without this transfer.
    """
    if reason in _STANDSTILL:
        pause(ports, tx, locked.transfer)
        return
    filler = replace(
        locked.transfer,
        replacement=AttemptKind.CANCEL,
        fills_nonce=True,
        watch=look_again(ports, locked.transfer.watch),
    )
    tx.transfers.save(filler)
    tx.wallets.unreserve(filler.id)
    tx.outbox.add(TransferAuthorized(transfer_id=filler.id), ports.clock.now())
    if reason.frees_shares:
        _free_shares(ports, tx, locked, reason)
    elif reason.may_pass:
        stand_down(ports, tx, locked.payout, WaitingFor.NONCE_LOST)
    else:
        _hand_over(tx, locked)
        return
    close_refusals(ports, tx, filler)


def show_refusal(ports: Ports, tx: Transaction, locked: Locked, reason: Refusal) -> None:
    """Tell a person why a transfer is not sent."""
    evidence = (
        ("refusal", reason.value),
        ("amount", str(locked.transfer.amount)),
        ("wallet", locked.wallet.frozen_because or "not frozen"),
    )
    subject_id = str(locked.transfer.id)
    review(ports, tx, Finding(Subject.TRANSFER, subject_id, Reason.TRANSFER_REFUSED, evidence))


def pause(ports: Ports, tx: Transaction, transfer: Transfer) -> None:
    """Look again after the ordinary pause between two tries."""
    tx.watches.wait(
        Watched.TRANSFER,
        transfer.id,
        ports.clock.now() + timedelta(seconds=ports.policy.retry_floor_seconds),
    )


# ---- a wallet that somebody else uses ------------------------------------------------------------


def freeze_if_foreign(ports: Ports, tx: Transaction, wallet: Wallet, mined_nonce: int) -> Wallet:
    """Freeze the wallet when the chain has mined a nonce that we never gave out."""
    if mined_nonce <= wallet.next_nonce or wallet.frozen_because is not None:
        return wallet
    fact = f"the chain has mined {mined_nonce} transactions, we gave out {wallet.next_nonce}"
    return freeze(ports, tx, wallet, fact)


def freeze(ports: Ports, tx: Transaction, wallet: Wallet, fact: str) -> Wallet:
    """Stop every new send from this wallet until a person has looked."""
    frozen = Wallet(wallet.address, wallet.chain_id, wallet.next_nonce, fact)
    tx.wallets.save(frozen)
    evidence = (("fact", fact),)
    review(ports, tx, Finding(Subject.WALLET, wallet.address, Reason.FOREIGN_NONCE, evidence))
    return frozen
