"""Turn what threshold channels have collected into what is held for their owners."""

from functools import partial

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import USDT, Asset
from shared_lib.domain.offer import Strategy
from shared_lib.domain.payout import conversion_target
from shared_lib.domain.share import ShareState
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.forming import SHARES_MOST, Purse, collect, pay_out


def accumulate_payment(ports: Ports, asset_id: str) -> None:
    """Pool the pending shares of all threshold channels, and convert them once they are enough.

    One conversion at a time is being formed of each asset. What is collected in the asset that is
    held anyway needs none. Repeating it, or two at once, converts every share once. Raises
    UnknownAssetError.
    """
    asset = asset_of(asset_id)
    purse = Purse(None, Strategy.THRESHOLD, asset, conversion_target(ports.policy.host_wallet))
    with ports.database.transaction() as tx:
        tx.payouts.lock_pool(asset)
        if asset == USDT:
            _hold(tx, asset)
            return
        batch = collect(ports, tx, purse)
    if batch is not None:
        pay_out(ports, batch, partial(_stands, asset))


def _hold(tx: Transaction, asset: Asset) -> None:
    for share in tx.shares.lock_pooled(asset, SHARES_MOST):
        tx.shares.save(share.moved(ShareState.HELD))


def _stands(asset: Asset, tx: Transaction) -> bool:
    """The pool is locked by this, and always the same."""
    tx.payouts.lock_pool(asset)
    return True
