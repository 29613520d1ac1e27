"""Coins that are not on the local chain: a float for each, and what was paid out of it.

Payouts move base units from the float to whoever they are for, so that a coin's total never
changes.
"""

from decimal import Decimal
from typing import Any

from tests.sandbox.changenow import catalogue
from tests.sandbox.changenow.catalogue import COINS, Coin
from tests.sandbox.changenow.numbers import plain
from tests.sandbox.changenow.records import Account
from tests.sandbox.changenow.store import Store

FLOAT_USD = Decimal(10**9)


def open_floats(store: Store) -> None:
    """Give each coin its float, once."""
    with store.together():
        known = {one.coin for one in store.listed(Account)}
        for coin in catalogue.BOOKED:
            if coin.id not in known:
                whole = int(FLOAT_USD / coin.price_usd) + 1
                store.put(Account(coin=coin.id, units=coin.units(Decimal(whole))))


def move(store: Store, coin: Coin, address: str, extra_id: str | None, units: int) -> None:
    """From the float to a holder, in one piece."""
    if units <= 0:
        raise ValueError(f"{units} units of {coin.id}")
    with store.together():
        source = _account(store, coin, None, None)
        source.units -= units
        if source.units < 0:
            raise ValueError(f"the float of {coin.id} is used up")
        holder = _account(store, coin, address, extra_id)
        holder.units += units
        store.put(source)
        store.put(holder)


def _account(store: Store, coin: Coin, address: str | None, extra_id: str | None) -> Account:
    wanted = (coin.id, address, extra_id)
    for one in store.listed(Account):
        if (one.coin, one.address, one.extra_id) == wanted:
            return one
    return Account(coin=coin.id, address=address, extra_id=extra_id, units=0)


def shown(store: Store) -> dict[str, Any]:
    """The whole book by coin; amounts are text."""
    accounts = store.listed(Account)
    return {
        coin.id: _page(coin, [one for one in accounts if one.coin == coin.id])
        for coin in catalogue.BOOKED
    }


def _page(coin: Coin, accounts: list[Account]) -> dict[str, Any]:
    return {
        "total": plain(coin.amount(sum(one.units for one in accounts))),
        "float": plain(coin.amount(sum(one.units for one in accounts if one.address is None))),
        "accounts": [_line(one) for one in accounts if one.address is not None],
    }


def _line(account: Account) -> dict[str, Any]:
    return {
        "address": account.address,
        "extra_id": account.extra_id,
        "amount": plain(COINS[account.coin].amount(account.units)),
        "base_units": str(account.units),
    }
