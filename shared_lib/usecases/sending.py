"""The checks before money leaves, made twice: when authorising, and again before signing."""

from dataclasses import dataclass
from datetime import timedelta

from shared_lib.domain.ledger import Account
from shared_lib.domain.money import ETH, total
from shared_lib.domain.payout import Payout, PayoutState
from shared_lib.domain.review import Finding, Reason, Subject
from shared_lib.domain.transfer import (
    Fees,
    Refusal,
    SendFacts,
    Transfer,
    TransferState,
    Wallet,
    refusal,
)
from shared_lib.ports import PermanentError, Ports, ProviderError, Transaction, Watched
from shared_lib.usecases.setback import put_off, review

# Assets that this deployment can send. Anything else is refused, never guessed.
SENDABLE_ASSETS = frozenset({ETH.id})
_ZERO_ADDRESS = "0x" + "0" * 40


@dataclass(frozen=True, slots=True)
class ChainView:
    """What the node said just before the decision."""

    chain_id: int
    fees: Fees
    mined_nonce: int


@dataclass(frozen=True, slots=True)
class Locked:
    """A transfer with all that it depends on, locked in the order of the locks.

    `owed` is the sum of the payout's locked shares, in base units.
    """

    payout: Payout
    owed: int
    transfer: Transfer
    wallet: Wallet


def look_at_chain(ports: Ports, transfer: Transfer) -> ChainView:
    """Ask the node for all that the checks need. Raises ProviderError."""
    return ChainView(
        chain_id=ports.chain.chain_id(),
        fees=ports.chain.fees_for(transfer.wallet_address, transfer.destination, transfer.amount),
        mined_nonce=ports.chain.mined_nonce(transfer.wallet_address),
    )


def lock_all(tx: Transaction, known: Transfer) -> Locked:
    """Lock payout, shares, transfer and wallet. Raises LookupError if one is missing."""
    payout = tx.payouts.lock(known.payout_id)
    shares = [share.amount for share in tx.shares.lock_of_payout(known.payout_id)]
    transfer = tx.transfers.lock(known.id)
    wallet = tx.wallets.lock(known.wallet_address)
    if payout is None or transfer is None or wallet is None:
        raise LookupError(f"transfer {known.id} lacks its payout or its wallet")
    owed = total(shares, transfer.amount.asset).base_units
    return Locked(payout, owed, transfer, wallet)


def why_not(ports: Ports, tx: Transaction, locked: Locked, view: ChainView) -> Refusal | None:
    """The reason why this transfer must not be sent now, or None."""
    transfer, payout = locked.transfer, locked.payout
    channel = tx.channels.get(payout.channel_id)
    if channel is None:
        raise LookupError(f"payout {payout.id} has no channel")
    asset = transfer.amount.asset
    reserved, gas_reserved = tx.wallets.reserved(asset, besides=transfer.id)
    facts = SendFacts(
        sends_stopped=tx.controls.sends_stopped(),
        wallet=locked.wallet,
        chain_id=view.chain_id,
        expected_chain_id=ports.policy.chain_id,
        has_refunded_payment=tx.payouts.has_refunded_payment(payout.id),
        asset_id=asset.id,
        sendable_assets=SENDABLE_ASSETS,
        frozen_destination=payout.target.address,
        current_destination=channel.target.address,
        transfer_destination=transfer.destination,
        refused_destinations=frozenset({_ZERO_ADDRESS, transfer.wallet_address.lower()}),
        amount=transfer.amount.base_units,
        locked_amount=locked.owed,
        cap=ports.policy.transfer_cap,
        spendable=tx.ledger.balance(Account.HOST_WALLET, asset).base_units - reserved,
        gas_worst_case=view.fees.worst_case,
        gas_available=tx.ledger.balance(Account.GAS_FLOAT, ETH).base_units - gas_reserved,
    )
    return refusal(facts)


def refuse(ports: Ports, tx: Transaction, locked: Locked, reason: Refusal) -> None:
    """Keep the money where it is: wait where waiting can help, else hand over to a person.

    `locked.transfer` has no nonce and no bytes. A stop that an operator made needs no review.
    """
    transfer = locked.transfer
    if reason is not Refusal.SENDS_STOPPED:
        show_refusal(ports, tx, locked, reason)
    if reason.may_pass:
        pause(ports, tx, transfer)
        return
    tx.wallets.unreserve(transfer.id)
    tx.transfers.save(transfer.moved(TransferState.REVIEW, None))
    tx.payouts.save(locked.payout.moved(PayoutState.REVIEW, None))


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


def fail(ports: Ports, tx: Transaction, transfer: Transfer, error: ProviderError) -> None:
    """Count a failure of the node; a person sees at once what will not pass by itself."""
    put_off(ports, tx, Watched.TRANSFER, transfer.id, error)
    if isinstance(error, PermanentError):
        evidence = (("fact", str(error)),)
        subject_id = str(transfer.id)
        review(
            ports,
            tx,
            Finding(Subject.TRANSFER, subject_id, Reason.REFUSED_BY_PROVIDER, evidence),
        )
