"""Owners who want another coin, and an exchange at its worst: each is paid, from one deposit."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, Money, parse_amount
from tests.e2e.stage import Fault, Purchase, Stage, balances
from tests.e2e.swaps import (
    CREATE,
    ESTIMATE,
    LOOK,
    RANGE,
    XRP_PAIR,
    assert_books,
    bought,
    exchanges,
    funded_exchange,
    fundings,
    in_bitcoin,
    in_usdt,
    in_wei,
    in_xrp,
    orders,
    states_of,
    swap_shop,
    swapped_once,
    swaps_of,
)
from tests.sandbox.changenow.errors import canned_fault
from tests.sandbox.scene import Sold, new_address
from tests.sandbox.stack.provision import run_tick

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]

COINS = {"btc": in_bitcoin, "usdt": in_usdt, "xrp": in_xrp}
_CURRENCIES = "GET /v2/exchange/currencies"
_MINIMUM = "GET /v2/exchange/min-amount"
_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]{1,8})?")
_LOSS = "0.0005"


@pytest.fixture(autouse=True)
def _books_agree(scene: Stage) -> Iterator[None]:
    """No other test's exchange is under way; afterwards ledger, chain and shares say the same."""
    scene.wait_until_quiet()
    yield
    assert_books(scene)


# ---- all is well ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swapped(scene: Stage) -> dict[str, Purchase]:
    """One purchase for each coin, all at the same time, settled."""
    paid = {name: bought(scene, swap_shop(scene, target())) for name, target in COINS.items()}
    for purchase in paid.values():
        scene.settle(purchase.payment_id)
    return paid


@pytest.mark.parametrize("coin", COINS)
def test_an_owner_is_paid_in_the_coin_of_choice(
    scene: Stage, swapped: dict[str, Purchase], coin: str
) -> None:
    purchase = swapped[coin]
    target = purchase.shop.target
    exchange = swapped_once(scene, purchase)
    promised = parse_amount(exchange["to_amount"], target.asset)
    assert promised.base_units > 0
    assert scene.swap(purchase.payment_id)["promised"] == promised.base_units
    (paid_out,) = exchange["transfers"] or [None]
    assert (paid_out is None) == (coin != "usdt"), "only tokens are paid out on our chain"


def test_a_token_arrives_on_the_chain_as_promised(
    scene: Stage, swapped: dict[str, Purchase]
) -> None:
    purchase = swapped["usdt"]
    contract = scene.stack.facts()["usdt_contract"]
    exchange = swapped_once(scene, purchase)
    promised = parse_amount(exchange["to_amount"], asset_of("usdt:eth")).base_units
    assert scene.token_balance(contract, purchase.shop.destination) == promised


def test_a_tag_tells_owners_at_one_address_apart(
    scene: Stage, swapped: dict[str, Purchase]
) -> None:
    target = swapped["xrp"].shop.target
    accounts = scene.changenow_shows("book")["xrp:xrp"]["accounts"]
    tags = [one["extra_id"] for one in accounts if one["address"] == target.address]
    assert tags.count(target.memo) == 1
    assert None not in tags


@pytest.mark.parametrize("coin", COINS)
def test_exactly_the_asked_amount_reaches_the_pay_in_and_the_rest_stays_owed(
    scene: Stage, swapped: dict[str, Purchase], coin: str
) -> None:
    purchase = swapped[coin]
    (order,) = orders(scene, purchase.shop)
    (exchange,) = exchanges(scene, purchase.shop)
    (sent,) = fundings(scene, purchase.shop)
    share = int(scene.settle(purchase.payment_id)["share"])
    wei = share // 10**10 * 10**10
    assert in_wei(order["body"]["fromAmount"]) == wei
    assert int(scene.transaction(sent["hash"])["value"], 16) == wei
    assert scene.balance(exchange["payin_address"]) == Money(wei, ETH)
    assert _owed(scene, purchase) == share - wei


def _owed(scene: Stage, purchase: Purchase) -> int:
    return -balances(scene)[f"owner_payable:{purchase.shop.registered.channel_id}", ETH.id]


@pytest.mark.parametrize("coin", COINS)
def test_what_an_exchange_is_asked_for(
    scene: Stage, swapped: dict[str, Purchase], coin: str
) -> None:
    purchase = swapped[coin]
    target = purchase.shop.target
    (order,) = orders(scene, purchase.shop)
    (swap,) = swaps_of(scene, purchase.shop)
    body = order["body"]
    assert body == {
        "fromCurrency": "eth",
        "fromNetwork": "eth",
        "toCurrency": target.asset.ticker,
        "toNetwork": target.asset.network,
        "fromAmount": body["fromAmount"],
        "flow": "fixed-rate",
        "type": "direct",
        "rateId": swap["rate_id"],
        "address": target.address,
        "extraId": target.memo or "",
        "refundAddress": scene.wallet,
        "refundExtraId": "",
    }
    assert _DECIMAL.fullmatch(body["fromAmount"])


@pytest.mark.parametrize("coin", COINS)
def test_each_exchange_is_made_of_a_quote_of_its_own(
    scene: Stage, swapped: dict[str, Purchase], coin: str
) -> None:
    requests = scene.changenow_shows("requests")
    (order,) = orders(scene, swapped[coin].shop)
    sold = order["body"]["fromAmount"]
    quoted = [
        one
        for one in requests
        if one["operation"] == ESTIMATE
        and (one["query"]["fromAmount"], one["query"].get("useRateId")) == (sold, "true")
        and one["query"]["toCurrency"] == order["body"]["toCurrency"]
        and one["id"] < order["id"]
    ]
    assert quoted
    used = [one["body"]["rateId"] for one in requests if one["operation"] == CREATE]
    assert used.count(order["body"]["rateId"]) == 1
    (exchange,) = exchanges(scene, swapped[coin].shop)
    assert exchange["rate_id"] == order["body"]["rateId"]


# ---- an exchange that is not what was asked for --------------------------------------------------


def _alterations(scene: Stage) -> dict[str, dict[str, Any]]:
    """By the field that a review names: what the answer says instead."""
    return {
        "payoutAddress": {"payoutAddress": "rDsbeomae4FXwgQTJp9Rs64Qg9vDiTCdBv"},
        "payoutExtraId": {"payoutExtraId": "1"},
        "toAmount": {"toAmount": 0.5},
        "fromAmount": {"fromAmount": 5},
        "payinExtraId": {"payinExtraId": "77"},
        "payinAddress": {"payinAddress": scene.wallet},
        "refundAddress": {"refundAddress": new_address()},
    }


def test_an_exchange_with_an_altered_field_is_never_funded(scene: Stage) -> None:
    altered = _alterations(scene)
    sent = len(scene.sent_transactions())
    with ExitStack() as faults:
        for values in altered.values():
            fault = scene.fault("changenow", CREATE, "custom", name="echo", values=values)
            faults.enter_context(fault)
        shops = [bought(scene).shop for _ in altered]
        for shop in shops:
            _wait_for_swap(scene, shop, "review")
    scene.let_ticks_pass(3)
    assert len(scene.sent_transactions()) == sent
    named = []
    for shop in shops:
        (exchange,) = exchanges(scene, shop)
        (swap,) = swaps_of(scene, shop)
        assert (swap["payout_state"], exchange["deposits"]) == ("review", [])
        evidence = scene.open_reviews(swap["id"])["echo_differs"]
        assert evidence["exchange"] == exchange["id"]
        named.append(evidence["fields"])
    assert sorted(named) == sorted(altered)


def _wait_for_swap(scene: Stage, shop: Sold, state: str) -> None:
    scene.wait_for(f"a swap in {state}", lambda: state in dict(states_of(scene, shop)))


# ---- answers that are lost, promises that are short ----------------------------------------------


def test_an_order_whose_answer_is_lost_is_made_anew_and_one_exchange_is_funded(
    scene: Stage,
) -> None:
    """One order never arrived, the other took effect: from here nobody can tell."""
    shops = []
    # One after the other: a purchase that is tried again would meet the other's fault, too.
    for fault in ("drop", "lose_answer"):
        with scene.fault("changenow", CREATE, fault) as met:
            purchase = bought(scene)
            met.wait()
            swapped_once(scene, purchase)
        shops.append(purchase.shop)
    assert [len(exchanges(scene, one)) for one in shops] == [1, 2]
    for shop in shops:
        assert len(orders(scene, shop)) == 2
        assert states_of(scene, shop) == [("abandoned", "answer_lost"), ("finished", None)]


def test_nothing_is_ever_sent_on_a_promise_of_half_a_minute(scene: Stage) -> None:
    short = {"name": "short", "values": {"seconds": 30}, "times": None}
    with scene.fault("changenow", ESTIMATE, "custom", **short):
        purchase = bought(scene)
        failures = (
            "SELECT coalesce(max(w.failures), 0) FROM swaps w JOIN payouts o ON o.id = w.payout_id "
            "WHERE o.channel_id = :id"
        )
        channel = purchase.shop.registered.channel_id
        scene.wait_for("a short quote", lambda: scene.one(failures, id=channel) > 0)
        assert orders(scene, purchase.shop) == []
        assert states_of(scene, purchase.shop) == [("quoting", None)]
    swapped_once(scene, purchase)
    assert len(orders(scene, purchase.shop)) == 1


def test_a_promise_that_runs_out_before_its_bytes_are_mined_is_cancelled_and_made_anew(
    scene: Stage,
) -> None:
    """The cancel takes the nonce of what would have come too late."""
    scene.ethereum("hide", times=1000)
    try:
        purchase = bought(scene)
        shop = purchase.shop
        _wait_for_swap(scene, shop, "funded")
        (swap,) = swaps_of(scene, shop)
        (stuck,) = scene.wait_for("its bytes", lambda: fundings(scene, shop))
        ends = "UPDATE swaps SET promise_ends_at = now() + interval '4 minutes' WHERE id = :id"
        scene.owner.run(ends, id=swap["id"])
        cancel = scene.wait_for("a cancel", lambda: _cancel_of(scene, stuck))
        scene.ethereum("prefer", hash=cancel["hash"])
    finally:
        scene.ethereum("release")
    scene.settle(purchase.payment_id)
    assert states_of(scene, shop) == [("abandoned", "cancelled"), ("finished", None)]
    given_up, paid = exchanges(scene, shop)
    assert funded_exchange(scene, shop) == paid
    assert scene.receipt(stuck["hash"]) is None
    assert scene.balance(given_up["payin_address"]).base_units == 0


def _cancel_of(scene: Stage, stuck: dict[str, Any]) -> dict[str, Any] | None:
    """What was sent to ourselves on the nonce of a transaction."""
    sent = [one for one in scene.sent_transactions(scene.wallet) if one["value"] == "0"]
    return next((one for one in sent if one["nonce"] == stuck["nonce"]), None)


# ---- money that comes back, money that has to wait -----------------------------------------------


def test_a_refund_with_a_loss_is_seen_on_the_chain_and_the_rest_is_paid_out(scene: Stage) -> None:
    directives = {"refund": True, "loss": _LOSS}
    scene.changenow("plans", pair=XRP_PAIR, times=1, directives=directives)
    purchase = bought(scene)
    shop = purchase.shop
    scene.wait_for("the next payout", lambda: ("finished", None) in states_of(scene, shop), 90)
    assert states_of(scene, shop) == [("refunded", None), ("finished", None)]

    refunded, paid = exchanges(scene, shop)
    first, second = (in_wei(one["from_amount"]) for one in (refunded, paid))
    assert [int(one["value"]) for one in fundings(scene, shop)] == [first, second]
    back = scene.transaction(refunded["refund_hash"])
    assert back["to"].lower() == scene.wallet.lower()
    assert int(back["value"], 16) == first - in_wei(_LOSS)

    share = _share_of(scene, purchase)
    left = share - in_wei(_LOSS)
    assert second == left // 10**10 * 10**10
    assert scene.arrived(shop.target) == parse_amount(paid["to_amount"], shop.target.asset)
    assert _owed(scene, purchase) == left - second
    assert -balances(scene)[f"paid_out:{shop.registered.channel_id}", ETH.id] == second


def _share_of(scene: Stage, purchase: Purchase) -> int:
    row = scene.payment(purchase.payment_id)
    assert row is not None
    return int(row["share"])


def test_what_is_below_the_minimum_waits_and_goes_in_one_piece_once_that_falls(
    scene: Stage,
) -> None:
    scene.changenow("limits", pair=XRP_PAIR, fixed={"min": "1"})
    try:
        shop = swap_shop(scene)
        purchases = [bought(scene, shop) for _ in range(2)]
        waiting = (
            "SELECT count(*) FROM payouts WHERE channel_id = :id AND state = 'waiting' "
            "AND waiting_for = 'below_minimum'"
        )
        channel = shop.registered.channel_id
        scene.wait_for("it to wait", lambda: scene.one(waiting, id=channel))
        for purchase in purchases:
            scene.finished(purchase.payment_id)
        pending = "SELECT count(*) FROM shares WHERE channel_id = :id AND state = 'pending'"
        scene.wait_for("both shares", lambda: scene.one(pending, id=channel) == 2)
        scene.let_ticks_pass()
        assert orders(scene, shop) == []
    finally:
        scene.changenow("limits", pair=XRP_PAIR, fixed=None)
    shares = sum(int(scene.settle(one.payment_id)["share"]) for one in purchases)
    exchange = funded_exchange(scene, shop)
    assert in_wei(exchange["from_amount"]) == shares // 10**10 * 10**10


# ---- an exchange at its worst --------------------------------------------------------------------

# The last one asks for a pause.
_ANSWERS = ("UNAUTHORIZED", "forbidden", "HTML_500", "HTML_503", "RATE_LIMITED")
_ASKED = (RANGE, _MINIMUM, ESTIMATE, CREATE, LOOK)


def test_refusals_everywhere_only_delay(scene: Stage) -> None:
    """Each answer once at each endpoint; the other limit is asked for where one is forbidden."""
    with ExitStack() as faults:
        struck = [
            faults.enter_context(scene.fault("changenow", **canned_fault(operation, name)))
            for name in _ANSWERS
            for operation in _ASKED
            if operation != _MINIMUM or name == "HTML_503"
        ]
        purchases = [bought(scene) for _ in range(10)]
        for fault in struck:
            _wait_in_a_hurry(scene, fault)
    for purchase in purchases:
        swapped_once(scene, purchase)
        assert _open_items(scene, purchase) == []


def _wait_in_a_hurry(scene: Stage, fault: Fault) -> None:
    """No pause grows: to each row it seems as if its run of failures had just begun."""
    anew = "UPDATE {} SET failing_since = now() WHERE failing_since IS NOT NULL"

    def look() -> bool:
        for table in ("shares", "swaps", "transfers"):
            scene.owner.run(anew.format(table))
        return fault.has_struck()

    scene.wait_for("a refusal", look)


def _open_items(scene: Stage, purchase: Purchase) -> list[dict[str, Any]]:
    """What a person would still be shown about a purchase's payout."""
    channel = "SELECT id FROM payouts WHERE channel_id = :id"
    return scene.rows(
        "SELECT subject_kind, reason, evidence FROM review_items WHERE closed_at IS NULL AND ("
        f"subject_id IN (SELECT id::text FROM swaps WHERE payout_id IN ({channel})) "
        f"OR subject_id IN (SELECT id::text FROM transfers WHERE payout_id IN ({channel})) "
        f"OR subject_id IN (SELECT id::text FROM ({channel}) AS o) OR subject_id = :id::text)",
        id=purchase.shop.registered.channel_id,
    )


def test_while_nobody_says_what_is_sold_the_last_word_counts(scene: Stage) -> None:
    offered = "SELECT count(*) FROM currencies WHERE is_offered"
    before = scene.one(offered)
    assert before > 0
    for name in _ANSWERS:
        with scene.fault("changenow", **canned_fault(_CURRENCIES, name)) as fault:
            run_tick("refresh_currencies")
            fault.wait()
    scene.wait_for_delivery("refresh_currencies")
    assert scene.one(offered) == before
