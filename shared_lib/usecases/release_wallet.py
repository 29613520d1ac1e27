"""Let a wallet send again that was frozen because somebody else had used it."""

from dataclasses import replace

from shared_lib.domain.operator import ActionRefusedError, Operator
from shared_lib.domain.review import Reason, Subject
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.auditing import audit


def release_wallet(ports: Ports, address: str, by: Operator) -> int:
    """Lift the freeze, and go on with the first nonce that nobody has used; that nonce.

    Raises ActionRefusedError while bytes of ours are on a nonce that another transaction used up:
    they can never be mined, and what they carry has to be settled first. Raises ProviderError.
    """
    newest = ports.chain.mined_nonce(address)
    final = ports.chain.mined_nonce(address, depth=ports.policy.confirmations)
    with ports.database.transaction() as tx:
        wallet = tx.wallets.lock(address)
        if wallet is None or wallet.frozen_because is None:
            raise ActionRefusedError("this wallet is not frozen")
        _require_no_loser(tx, address, final)
        released = replace(wallet, next_nonce=max(wallet.next_nonce, newest), frozen_because=None)
        tx.wallets.save(released)
        tx.reviews.close(Subject.WALLET, address, Reason.FOREIGN_NONCE, ports.clock.now())
        was = wallet.frozen_because
        audit(ports, tx, by, "release_wallet", ("wallet", address), was=was, mined=str(newest))
    return released.next_nonce


def _require_no_loser(tx: Transaction, address: str, final_nonce: int) -> None:
    lowest = tx.transfers.lowest_unmined(address)
    transfer = tx.transfers.get(lowest) if lowest is not None else None
    if transfer is not None and transfer.nonce is not None and transfer.nonce < final_nonce:
        raise ActionRefusedError(
            f"nonce {transfer.nonce} of transfer {transfer.id} was used by another transaction"
        )
