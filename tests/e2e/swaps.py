"""Owners who want another coin: what was asked of the exchange, what it saw, what arrived."""

from itertools import count
from typing import Any

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, USDT, Money, parse_amount
from shared_lib.domain.offer import PayoutTarget
from tests.e2e.stage import QUARTER, Purchase, Stage, balances
from tests.sandbox.scene import Sold, new_address

CREATE = "POST /v2/exchange"
ESTIMATE = "GET /v2/exchange/estimated-amount"
LOOK = "GET /v2/exchange/by-id"
RANGE = "GET /v2/exchange/range"
XRP_PAIR = "eth:eth>xrp:xrp"

# Well-known wallets. Owners in BTC have one each, owners in XRP are told apart by their tags.
_BITCOIN = iter(
    ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
)
_RIPPLE = "rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh"
_TAGS = count(7421)


# ---- who wants what ------------------------------------------------------------------------------


def in_bitcoin() -> PayoutTarget:
    """A wallet of its own for each of the few owners who want BTC."""
    return PayoutTarget(asset_of("btc:btc"), next(_BITCOIN), None)


def in_usdt() -> PayoutTarget:
    """A fresh wallet of an owner who wants the token on our own chain."""
    return PayoutTarget(asset_of("usdt:eth"), new_address(), None)


def in_xrp() -> PayoutTarget:
    """A fresh tag of an owner who wants XRP."""
    return PayoutTarget(asset_of("xrp:xrp"), _RIPPLE, str(next(_TAGS)))


def swap_shop(scene: Stage, target: PayoutTarget | None = None) -> Sold:
    """A channel whose owner wants another coin: XRP unless given."""
    return scene.new_shop(QUARTER, target=target or in_xrp())


def bought(scene: Stage, shop: Sold | None = None) -> Purchase:
    """A purchase that was just paid, by somebody new."""
    return scene.buy(scene.new_person(), shop or swap_shop(scene))


# ---- what the exchange says ----------------------------------------------------------------------


def exchanges(scene: Stage, shop: Sold) -> list[dict[str, Any]]:
    """Every exchange that was ever made for an owner, oldest first."""
    wanted = (shop.target.address, shop.target.memo)
    return [
        one
        for one in scene.changenow_shows("exchanges")
        if (one["payout_address"], one["payout_extra_id"]) == wanted
    ]


def orders(scene: Stage, shop: Sold) -> list[dict[str, Any]]:
    """Every request for an exchange for an owner as it came in, also those that failed."""
    wanted = (shop.target.address, shop.target.memo or "")
    return [
        one
        for one in scene.changenow_shows("requests")
        if one["operation"] == CREATE and (one["body"]["address"], one["body"]["extraId"]) == wanted
    ]


def fundings(scene: Stage, shop: Sold) -> list[dict[str, Any]]:
    """Every transaction that was broadcast to a pay-in of an owner's exchanges."""
    return [
        sent
        for one in exchanges(scene, shop)
        for sent in scene.sent_transactions(one["payin_address"])
    ]


def in_wei(amount: str) -> int:
    """A decimal text in whole coins."""
    return parse_amount(amount, ETH).base_units


# ---- what we say ---------------------------------------------------------------------------------


def swaps_of(scene: Stage, shop: Sold) -> list[dict[str, Any]]:
    """Every swap that a channel's payouts ever had, oldest first."""
    return scene.rows(
        "SELECT w.id::text, w.state, w.abandoned_because, w.sold, w.rate_id, w.exchange_id, "
        "w.promised, w.bought, o.state AS payout_state, o.waiting_for "
        "FROM swaps w JOIN payouts o ON o.id = w.payout_id WHERE o.channel_id = :id "
        "ORDER BY w.created_at",
        id=shop.registered.channel_id,
    )


def states_of(scene: Stage, shop: Sold) -> list[tuple[str, str | None]]:
    """How each of these swaps stands, and why those that were given up were."""
    return [(one["state"], one["abandoned_because"]) for one in swaps_of(scene, shop)]


# ---- what must be true in the end ----------------------------------------------------------------


def swapped_once(scene: Stage, purchase: Purchase) -> dict[str, Any]:
    """The owner has what one exchange promised, paid for by one transaction; that exchange."""
    scene.settle(purchase.payment_id)
    funded = funded_exchange(scene, purchase.shop)
    assert len(fundings(scene, purchase.shop)) == 1
    ours = scene.swap(purchase.payment_id)
    assert (ours["exchange_id"], ours["bought"]) == (funded["id"], ours["promised"])
    return funded


def funded_exchange(scene: Stage, shop: Sold) -> dict[str, Any]:
    """The only exchange of an owner that was ever paid; asserts on the chain that it was, once."""
    made = exchanges(scene, shop)
    (funded,) = [one for one in made if one["deposits"]]
    (mined,) = [one for one in fundings(scene, shop) if scene.receipt(one["hash"])]
    transaction = scene.transaction(mined["hash"])
    wei = int(transaction["value"], 16)
    assert transaction["to"].lower() == funded["payin_address"].lower()
    assert [int(one["units"]) for one in funded["deposits"]] == [wei]
    for one in made:
        held = wei if one is funded else 0
        assert scene.balance(one["payin_address"]) == Money(held, ETH)
    assert scene.arrived(shop.target) == parse_amount(funded["to_amount"], shop.target.asset)
    return funded


def assert_books(scene: Stage) -> None:
    """When all is quiet: each asset sums to zero, and the ledger says what chain and shares say."""
    scene.wait_until_quiet()
    booked = balances(scene)
    for asset in {asset for _, asset in booked}:
        assert sum(amount for key, amount in booked.items() if key[1] == asset) == 0, asset
    ours = booked["host_wallet", ETH.id] + booked["gas_float", ETH.id]
    held = scene.balance(scene.wallet).base_units
    assert held == ours + _not_booked(scene), "what the chain shows, the ledger says"
    tokens = scene.token_balance(scene.stack.facts()["usdt_contract"], scene.wallet)
    assert tokens == booked["host_wallet", USDT.id], "so it is with USDT"
    owed = {
        (account.partition(":")[2], asset): -amount
        for (account, asset), amount in booked.items()
        if account.startswith("owner_payable:") and amount
    }
    assert owed == _open_shares(scene)


def _not_booked(scene: Stage) -> int:
    """What arrived for payments of other tests that wait for a person, in wei."""
    booked = {one["deposit_hash"] for one in scene.rows("SELECT deposit_hash FROM payments")}
    arrived = scene.nowpayments_shows("deposits")
    return sum(int(one["value"]) for one in arrived if one["mined"] and one["hash"] not in booked)


def _open_shares(scene: Stage) -> dict[tuple[str, str], int]:
    found = scene.rows(
        "SELECT channel_id::text AS channel, asset, sum(amount) AS amount FROM shares "
        "WHERE state NOT IN ('paid', 'reversed') GROUP BY 1, 2"
    )
    return {(one["channel"], one["asset"]): int(one["amount"]) for one in found}
