"""The stand-in for ChangeNOW: it answers as recorded, and its swaps move money on a real chain."""

import json
import re
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from eth_utils.address import is_checksum_address

from tests.sandbox.changenow import addresses, catalogue
from tests.sandbox.changenow.errors import CANNED, canned_fault
from tests.sandbox.changenow.harness import (
    BTC_ADDRESS,
    BY_ID,
    CALM,
    CREATE,
    ESTIMATE,
    ETH_BTC,
    ETHER,
    WALLET,
    XRP_ADDRESS,
    StandIn,
    balance,
    created,
    deposit,
    deposit_tokens,
    direct,
    error_of,
    estimate,
    eventually,
    fault,
    fresh_address,
    from_usdt,
    got,
    into,
    known_ids,
    order,
    order_body,
    parsed,
    reach,
    record,
    rpc,
    shown,
    tokens_of,
)
from tests.sandbox.ethereum.launcher import EthereumServer, running_ethereum
from tests.sandbox.nowpayments import catalogue as checkout


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EthereumServer]:
    state = tmp_path_factory.mktemp("ethereum") / "state.json"
    with running_ethereum(state, block_seconds=0.05) as server:
        yield server


@pytest.fixture(scope="module")
def process(chain: EthereumServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    node = f"http://127.0.0.1:{chain.anvil_port}"
    one = StandIn(tmp_path_factory.mktemp("changenow") / "state.db", node, port)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def api(process: StandIn, chain: EthereumServer) -> Iterator[httpx.Client]:
    chain.order("mining", on=True)
    with process.client() as client:
        client.delete("/_sandbox/faults")
        client.delete("/_sandbox/plans")
        order(client, "weather", CALM)
        yield client
        assert client.get("/healthz").is_success


# --- coins, keys, limits


def test_a_wrong_key_is_401_without_a_code_but_not_for_currencies(api: httpx.Client) -> None:
    wrong = {"x-changenow-api-key": "wrong"}
    refused = api.get("/v2/exchange/range", params=ETH_BTC, headers=wrong)
    assert (refused.status_code, refused.json()) == (401, {"message": "Unauthorized"})
    assert api.get("/v2/exchange/currencies", headers=wrong).is_success


def test_currencies_have_the_recorded_fields(api: httpx.Client) -> None:
    rows = {f"{one['ticker']}:{one['network']}": one for one in got(api, "/v2/exchange/currencies")}
    assert set(rows["usdt:eth"]) == {
        *("ticker", "name", "image", "hasExternalId", "isExtraIdSupported", "isFiat", "featured"),
        *("isStable", "supportsFixedRate", "network", "tokenContract", "buy", "sell"),
        "legacyTicker",
    }
    assert rows["usdt:eth"]["tokenContract"] == "0xdAC17F958D2ee523a2206206994597C13D831ec7"
    assert rows["eth:eth"]["tokenContract"] is None
    assert (rows["usdt:bsc"]["legacyTicker"], rows["bnb:bsc"]["legacyTicker"]) == (
        *("usdtbsc", "bnbbsc"),
    )
    memos = [name for name, one in rows.items() if one["hasExternalId"]]
    assert memos == ["xrp:xrp", "xlm:xlm"]
    assert rows["eur:eur"]["isFiat"] is True


def test_currencies_can_be_filtered(api: httpx.Client) -> None:
    def tickers(**query: str) -> set[str]:
        return {one["ticker"] for one in got(api, "/v2/exchange/currencies", **query)}

    assert tickers() - tickers(active="true") == {"zil"}
    assert tickers() - tickers(flow="fixed-rate") == {"pepe", "eur"}
    assert tickers(isFiat="true") == {"eur"}
    assert {"zil", "eur"} & tickers(buy="true") == set()


def test_prices_are_those_of_the_other_provider() -> None:
    """Both worlds sell the same ether, or every margin would be luck."""
    theirs = {
        "usdt:trx": "usdttrc20",
        "usdt:eth": "usdterc20",
        "bnb:bsc": "bnbbsc",
        "usdt:bsc": "usdtbsc",
        "usdt:matic": "usdtmatic",
        "matic:matic": "maticmainnet",
        "usdc:eth": "usdc",
        "eth:base": "eth",
    }
    natives = ("btc", "eth", "ltc", "doge", "trx", "xrp", "xlm", "sol", "ton", "xmr")
    theirs |= {f"{name}:{name}": name for name in natives}
    for ours, ticker in theirs.items():
        assert catalogue.COINS[ours].price_usd == checkout.COINS[ticker].price_usd


def test_pairs_can_be_filtered_and_say_their_flows(api: httpx.Client) -> None:
    query = {"fromCurrency": "eth", "fromNetwork": "eth"}
    rows = got(api, "/v2/exchange/available-pairs", **query)
    assert {(one["fromCurrency"], one["fromNetwork"]) for one in rows} == {("eth", "eth")}
    by_target = {one["toCurrency"]: one["flow"] for one in rows}
    assert by_target["btc"] == {"standard": True, "fixed-rate": True}
    assert by_target["pepe"] == {"standard": True, "fixed-rate": False}
    assert {"zil", "eur"} & by_target.keys() == set()
    fixed = got(api, "/v2/exchange/available-pairs", **query, flow="fixed-rate")
    assert "pepe" not in {one["toCurrency"] for one in fixed}


def test_limits_differ_by_flow_and_often_have_no_upper_end(api: httpx.Client) -> None:
    fixed = got(api, "/v2/exchange/range", **ETH_BTC)
    standard = got(api, "/v2/exchange/min-amount", **{**ETH_BTC, "flow": "standard"})
    assert fixed.keys() - standard.keys() == {"maxAmount"}
    assert fixed["maxAmount"] is None
    assert standard["minAmount"] < fixed["minAmount"]
    assert Decimal("1.8") < fixed["minAmount"] * Decimal("3333.33") < Decimal("2.2")
    scarce = got(api, "/v2/exchange/range", **{**ETH_BTC, **into("xmr:xmr")})
    assert scarce["maxAmount"] > 5


def test_limits_can_be_set(api: httpx.Client) -> None:
    pair = "eth:eth>ltc:ltc"
    order(api, "limits", {"pair": pair, "fixed": {"min": "0.5", "max": "2"}})
    query = {**ETH_BTC, "toCurrency": "ltc", "toNetwork": "ltc"}
    assert got(api, "/v2/exchange/range", **query)["maxAmount"] == 2
    low = api.get("/v2/exchange/estimated-amount", params={**query, "fromAmount": "0.4"})
    assert error_of(low) == "deposit_too_small"
    assert low.json()["message"].startswith("Out of min amount")
    assert low.json()["payload"]["range"] == {"minAmount": 0.5, "maxAmount": 2}
    high = api.get("/v2/exchange/estimated-amount", params={**query, "fromAmount": "2.1"})
    assert error_of(high) == "deposit_too_large"
    backwards = {**query, "type": "reverse", "toAmount": "1"}
    refused = api.get("/v2/exchange/estimated-amount", params=backwards)
    assert error_of(refused) == "not_valid_params"
    assert refused.json()["payload"]["range"]["minAmount"] == 0.5
    order(api, "limits", {"pair": pair, "fixed": None, "standard": {"min": "0", "max": "0.01"}})
    floating = {**query, "flow": "standard", "fromAmount": "0.4"}
    too_much = api.get("/v2/exchange/estimated-amount", params=floating)
    assert error_of(too_much) == "max_amount_exceeded"


def test_limits_may_change_between_quote_and_creation(api: httpx.Client) -> None:
    body = order_body(api)
    order(api, "limits", {"pair": "eth:eth>btc:btc", "fixed": {"min": "0.5"}})
    refused = api.post("/v2/exchange", json=body)
    order(api, "limits", {"pair": "eth:eth>btc:btc", "fixed": None})
    assert error_of(refused) == "out_of_range"
    assert refused.json()["message"] == "Amount is less then minimal: 0.5 ETH"


# --- quotes


def test_a_standard_estimate_promises_nothing(api: httpx.Client) -> None:
    told = estimate(api, flow="standard")
    assert (told["rateId"], told["validUntil"], told["depositFee"]) == (None, None, 0)
    assert told["fromAmount"] == Decimal("0.1")
    assert set(told) == {
        *("fromCurrency", "fromNetwork", "toCurrency", "toNetwork", "flow", "type", "rateId"),
        *("validUntil", "transactionSpeedForecast", "warningMessage", "depositFee"),
        *("withdrawalFee", "userId", "fromAmount", "toAmount"),
    }


def test_a_fixed_rate_has_an_id_and_an_end_and_costs_more(api: httpx.Client) -> None:
    told = estimate(api)
    assert re.fullmatch(r"[0-9a-f]{15}", told["rateId"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:.]{12}Z", told["validUntil"])
    assert told["toAmount"] < estimate(api, flow="standard")["toAmount"]
    market = Decimal("0.1") * Decimal("3333.33") / Decimal("97123.41")
    assert Decimal("0.985") < told["toAmount"] / market < Decimal("0.995")
    assert estimate(api, useRateId="")["rateId"] is None


def test_a_reverse_quote_asks_for_enough(api: httpx.Client) -> None:
    order(api, "weather", {"drift": "0"})
    backwards = estimate(api, type="reverse", toAmount="0.00339")
    assert (backwards["type"], backwards["toAmount"]) == ("reverse", Decimal("0.00339"))
    forwards = estimate(api, fromAmount=str(backwards["fromAmount"]))
    assert 0 <= forwards["toAmount"] - backwards["toAmount"] < Decimal("0.00000002")


def test_rates_move_a_little_and_the_same_way_with_the_same_seed(api: httpx.Client) -> None:
    seen = []
    for seed in (1, 2, 3, 1):
        order(api, "weather", {"seed": seed, "drift_seconds": 10**9})
        seen.append(estimate(api)["toAmount"])
    assert seen[0] == seen[3]
    assert len(set(seen)) == 3
    assert max(seen) / min(seen) < Decimal("1.0062")


def test_prices_can_be_set(api: httpx.Client) -> None:
    before = estimate(api)["toAmount"]
    order(api, "rates", {"btc:btc": "48561.70"})
    after = estimate(api)["toAmount"]
    order(api, "rates", {"btc:btc": None})
    assert Decimal("1.98") < after / before < Decimal("2.02")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fromCurrency": "t"}, "not_valid_params"),
        ({"toCurrency": ""}, "not_valid_params"),
        ({"toCurrency": "eur", "toNetwork": "eur"}, "not_valid_params"),
        ({"toNetwork": "eth"}, "not_valid_params"),
        ({"flow": "floating"}, "not_valid_params"),
        ({"type": "sideways"}, "not_valid_params"),
        ({"fromAmount": ""}, "not_valid_params"),
        ({"fromAmount": "0"}, "not_valid_params"),
        ({"fromAmount": "1e-1"}, "not_valid_params"),
        ({"fromAmount": "0.123456789"}, "not_valid_params"),
        ({"type": "reverse"}, "not_valid_params"),
        ({"fromAmount": "0.0001"}, "deposit_too_small"),
        ({"toCurrency": "zil", "toNetwork": "zil"}, "pair_is_inactive"),
        ({"toCurrency": "eth", "toNetwork": "eth"}, "pair_is_inactive"),
        ({"toCurrency": "pepe", "toNetwork": "eth"}, "fixed_rate_not_enabled"),
    ],
)
def test_an_estimate_is_checked(api: httpx.Client, changes: dict[str, str], code: str) -> None:
    query = {**ETH_BTC, "fromAmount": "0.1", **changes}
    answer = api.get("/v2/exchange/estimated-amount", params=query)
    assert error_of(answer) == code
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_without_a_network_the_ticker_alone_decides(api: httpx.Client) -> None:
    query = {"fromCurrency": "eth", "toCurrency": "usdt", "fromAmount": "0.1"}
    assert got(api, "/v2/exchange/estimated-amount", **query)["toNetwork"] == "eth"


# --- creation


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fromAmount": 0.1, "rateId": "0"}, "not_valid_params"),
        ({"fromAmount": "1e-1", "rateId": "0"}, "not_valid_params"),
        ({"fromAmount": "0.123456789", "rateId": "0"}, "not_valid_params"),
        (from_usdt("10.1234567", rateId="0"), "not_valid_params"),
        ({"fromNetwork": "", "rateId": "0"}, "not_valid_params"),
        ({"address": ""}, "not_valid_params"),
        ({"address": "bc1nonsense"}, "not_valid_address"),
        ({"refundAddress": "0x1234"}, "not_valid_refund_address"),
        ({"extraId": "7"}, "not_valid_params"),
        ({"payload": dict.fromkeys("abcdef", "x")}, "not_valid_params"),
        ({"payload": {"a": "x" * 65}}, "not_valid_params"),
        (into("xrp:xrp", XRP_ADDRESS), "not_valid_params"),
        (into("xrp:xrp", XRP_ADDRESS, extraId="tag"), "not_valid_params"),
        (into("pepe:eth", rateId="0"), "fixed_rate_not_enabled"),
        ({"rateId": ""}, "rate_id_not_found_or_expired"),
        ({"rateId": "zz"}, "rate_id_not_found_or_expired"),
        ({"rateId": "0123456789abcde"}, "rate_id_not_found_or_expired"),
    ],
)
def test_a_creation_is_checked(api: httpx.Client, changes: dict[str, Any], code: str) -> None:
    answer = api.post("/v2/exchange", json=order_body(api, **changes))
    assert error_of(answer) == code


def test_a_body_that_is_no_object_is_refused(api: httpx.Client) -> None:
    for body in (b"{", b"[]"):
        assert error_of(api.post("/v2/exchange", content=body)) == "not_valid_params"


def test_a_creation_echoes_what_was_asked(api: httpx.Client) -> None:
    told = estimate(api)
    exchange = created(api, rateId=told["rateId"])
    wanted = {name: ETH_BTC[name] for name in ETH_BTC}
    assert exchange.items() >= wanted.items()
    assert re.fullmatch(r"[0-9a-f]{14}", exchange["id"])
    assert (exchange["fromAmount"], exchange["toAmount"]) == (Decimal("0.1"), told["toAmount"])
    assert (exchange["payoutAddress"], exchange["refundAddress"]) == (BTC_ADDRESS, WALLET)
    assert exchange["rateId"] == told["rateId"]
    assert is_checksum_address(exchange["payinAddress"])


def test_a_memo_is_echoed_with_its_name(api: httpx.Client) -> None:
    exchange = created(api, **into("xrp:xrp", XRP_ADDRESS, extraId="12345"))
    assert (exchange["payoutExtraId"], exchange["payoutExtraIdName"]) == (
        *("12345", "Destination Tag"),
    )


def test_a_standard_exchange_needs_no_rate(api: httpx.Client) -> None:
    exchange = created(api, flow="standard", rateId="")
    assert not {"rateId", "validUntil"} & exchange.keys()
    assert shown(api, exchange)["validUntil"] is None


def test_a_reverse_exchange_fixes_the_other_side(api: httpx.Client) -> None:
    told = estimate(api, type="reverse", toAmount="0.003")
    changes = {"type": "reverse", "fromAmount": "", "toAmount": "0.003", "rateId": told["rateId"]}
    exchange = created(api, **changes)
    assert exchange["toAmount"] == Decimal("0.003")
    assert exchange["fromAmount"] == told["fromAmount"]


def test_there_is_no_idempotency(api: httpx.Client) -> None:
    body = order_body(api)
    one, two = (parsed(api.post("/v2/exchange", json=body)) for _ in range(2))
    assert one["id"] != two["id"]
    assert one["payinAddress"] != two["payinAddress"]


@pytest.mark.parametrize(
    "changes",
    [
        {"fromAmount": "0.2"},
        {"type": "reverse", "toAmount": "0.1"},
        into("ltc:ltc", "L" + "a" * 33),
    ],
    ids=["amount", "direction", "pair"],
)
def test_a_rate_is_bound_to_what_it_was_given_for(
    api: httpx.Client, changes: dict[str, str]
) -> None:
    rate_id = estimate(api)["rateId"]
    answer = api.post("/v2/exchange", json=order_body(api, rateId=rate_id, **changes))
    assert error_of(answer) == "rate_id_not_found_or_expired"


def test_a_rate_dies(api: httpx.Client) -> None:
    order(api, "weather", {"quote_seconds": 0.05})
    body = order_body(api)
    time.sleep(0.1)
    assert error_of(api.post("/v2/exchange", json=body)) == "rate_id_not_found_or_expired"


# --- money


def test_ether_for_bitcoin_is_paid_out_of_the_book(
    api: httpx.Client, chain: EthereumServer
) -> None:
    before = got(api, "/_sandbox/book")["btc:btc"]
    exchange = created(api, **into("btc:btc", "1" + "B" * 33))
    assert shown(api, exchange)["status"] in ("new", "waiting")
    tx_hash = deposit(chain, exchange)
    done = reach(api, exchange, "finished")
    assert (done["payinHash"], done["amountFrom"]) == (tx_hash, Decimal("0.1"))
    assert done["amountTo"] == done["expectedAmountTo"] == exchange["toAmount"]
    assert len(done["payoutHash"]) == 64
    assert (done["refundHash"], done["actionsAvailable"]) == (None, False)
    after = got(api, "/_sandbox/book")["btc:btc"]
    [mine] = [one for one in after["accounts"] if one["address"] == "1" + "B" * 33]
    assert Decimal(mine["amount"]) == exchange["toAmount"]
    assert after["total"] == before["total"]
    assert Decimal(before["float"]) - Decimal(after["float"]) == exchange["toAmount"]
    assert balance(chain, exchange["payinAddress"]) == ETHER // 10


def test_statuses_come_one_after_the_other(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api)
    reach(api, exchange, "waiting")
    direct(api, exchange, hold="confirming")
    deposit(chain, exchange)
    for status in ("confirming", "exchanging", "sending"):
        direct(api, exchange, hold=status)
        assert reach(api, exchange, status)["amountTo"] is None
    direct(api, exchange, release=True)
    reach(api, exchange, "finished")


def test_memos_are_accounts_of_their_own(api: httpx.Client, chain: EthereumServer) -> None:
    amounts = []
    for memo in ("71", "72"):
        exchange = created(api, **into("xrp:xrp", XRP_ADDRESS, extraId=memo))
        deposit(chain, exchange)
        amounts.append(reach(api, exchange, "finished")["amountTo"])
    accounts = got(api, "/_sandbox/book")["xrp:xrp"]["accounts"]
    booked = {one["extra_id"]: Decimal(one["amount"]) for one in accounts}
    assert [booked["71"], booked["72"]] == amounts


def test_ether_is_paid_out_on_the_chain_to_the_wei(
    api: httpx.Client, chain: EthereumServer
) -> None:
    address = fresh_address()
    exchange = created(api, **from_usdt("123.456789"), **into("eth:eth", address))
    deposit_tokens(chain, exchange, 123_456_789)
    done = reach(api, exchange, "finished")
    assert balance(chain, address) == exchange["toAmount"] * ETHER
    receipt = rpc(chain, "eth_getTransactionReceipt", done["payoutHash"])
    assert (receipt["to"], receipt["status"]) == (address, "0x1")
    assert tokens_of(chain, "usdt:eth", exchange["payinAddress"]) == 123_456_789


@pytest.mark.parametrize("coin", ["usdt:eth", "shib:eth"])
def test_tokens_are_paid_out_on_the_chain(
    api: httpx.Client, chain: EthereumServer, coin: str
) -> None:
    address = fresh_address()
    exchange = created(api, **into(coin, address))
    deposit(chain, exchange)
    reach(api, exchange, "finished")
    units = catalogue.COINS[coin].units(exchange["toAmount"])
    assert tokens_of(chain, coin, address) == units


def test_a_token_without_code_is_never_sent(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api, **into("usdc:eth"))
    deposit(chain, exchange)
    reach(api, exchange, "sending")
    time.sleep(0.2)
    waiting = shown(api, exchange)
    assert (waiting["status"], waiting["payoutHash"]) == ("sending", None)
    [payout] = record(api, exchange)["transfers"]
    assert (payout["purpose"], payout["hash"]) == ("payout", None)


def test_a_payout_that_reverts_is_sent_again(api: httpx.Client, chain: EthereumServer) -> None:
    address = fresh_address()
    chain.order("token", token="usdt:eth", paused=True)
    exchange = created(api, **into("usdt:eth", address))
    deposit(chain, exchange)
    first = eventually(lambda: shown(api, exchange)["payoutHash"])
    eventually(lambda: rpc(chain, "eth_getTransactionReceipt", first))
    chain.order("token", token="usdt:eth", paused=False)
    done = reach(api, exchange, "finished")
    assert done["payoutHash"] != first
    units = catalogue.COINS["usdt:eth"].units(exchange["toAmount"])
    assert tokens_of(chain, "usdt:eth", address) == units


def test_many_payouts_at_once_are_each_sent_once(api: httpx.Client, chain: EthereumServer) -> None:
    address = fresh_address()
    exchanges = [created(api, **from_usdt(f"1{n}"), **into("eth:eth", address)) for n in range(5)]
    for n, exchange in enumerate(exchanges):
        deposit_tokens(chain, exchange, (10 + n) * 10**6)
    for exchange in exchanges:
        reach(api, exchange, "finished")
    assert balance(chain, address) == sum(one["toAmount"] for one in exchanges) * ETHER


def test_a_kill_loses_nothing_and_pays_once(
    api: httpx.Client, chain: EthereumServer, process: StandIn
) -> None:
    chain.order("mining", on=False)
    address = fresh_address()
    exchange = created(api, **from_usdt("50"), **into("eth:eth", address))
    deposit_tokens(chain, exchange, 50_000_000)
    chain.order("mine")
    eventually(lambda: shown(api, exchange)["payoutHash"])
    process.stop(hard=True)
    process.start()
    chain.order("mining", on=True)
    reach(api, exchange, "finished")
    assert balance(chain, address) == exchange["toAmount"] * ETHER


def test_a_payout_that_a_reorganisation_dropped_is_sent_again(
    api: httpx.Client, chain: EthereumServer
) -> None:
    address = fresh_address()
    exchange = created(api, **from_usdt("50"), **into("eth:eth", address))
    direct(api, exchange, hold="sending")
    deposit_tokens(chain, exchange, 50_000_000)
    reach(api, exchange, "sending")
    chain.order("mine")
    chain.order("mining", on=False)
    direct(api, exchange, release=True)
    payout = eventually(lambda: shown(api, exchange)["payoutHash"])
    chain.order("reorg", depth=1, drop=True)
    eventually(lambda: rpc(chain, "eth_getTransactionByHash", payout))
    chain.order("mining", on=True)
    reach(api, exchange, "finished")
    assert balance(chain, address) == exchange["toAmount"] * ETHER


def test_a_deposit_that_a_reorganisation_took_back_is_awaited_again(
    api: httpx.Client, chain: EthereumServer
) -> None:
    exchange = created(api)
    direct(api, exchange, hold="confirming")
    chain.order("mining", on=False)
    first = deposit(chain, exchange)
    chain.order("mine")
    reach(api, exchange, "confirming")
    chain.order("reorg", depth=1, drop=True)
    gone = reach(api, exchange, "waiting")
    assert (gone["payinHash"], gone["amountFrom"], gone["depositReceivedAt"]) == (None, None, None)
    direct(api, exchange, release=True)
    chain.order("mining", on=True)
    second = deposit(chain, exchange)
    assert reach(api, exchange, "finished")["payinHash"] == second
    deposits = record(api, exchange)["deposits"]
    assert [(one["hash"], one["gone"]) for one in deposits] == [(first, True), (second, False)]


def test_a_deposit_that_moves_to_another_block_stays_one(
    api: httpx.Client, chain: EthereumServer
) -> None:
    exchange = created(api)
    chain.order("mining", on=False)
    deposit(chain, exchange)
    chain.order("mine")
    reach(api, exchange, "finished")
    chain.order("reorg", depth=1)
    chain.order("mining", on=True)
    time.sleep(0.3)
    assert len(record(api, exchange)["deposits"]) == 1
    assert shown(api, exchange)["repeatedExchangesInfo"] is None


# --- what goes wrong with a deposit


def test_a_wrong_amount_is_held_and_can_be_continued(
    api: httpx.Client, chain: EthereumServer
) -> None:
    exchange = created(api)
    deposit(chain, exchange, ETHER // 20)
    held = reach(api, exchange, "verifying")
    assert (held["actionsAvailable"], held["amountFrom"]) == (True, Decimal("0.05"))
    told = got(api, "/v2/exchange/actions", id=exchange["id"])
    assert told["continue"]["available"] is True
    assert isinstance(told["continue"]["currentEstimate"], str)
    assert told["refund"]["amount"] == "0.05"
    assert told["refund"]["address"] == {"address": WALLET, "extraId": None}
    answer = api.post("/v2/exchange/continue", json={"id": exchange["id"]})
    estimated = parsed(answer)["result"]["data"]["estimate"]
    assert (estimated["currency"], estimated["network"]) == ("btc", "btc")
    done = reach(api, exchange, "finished")
    assert Decimal("0.49") < done["amountTo"] / done["expectedAmountTo"] < Decimal("0.51")


def test_a_wrong_amount_can_be_refunded_on_the_chain(
    api: httpx.Client, chain: EthereumServer
) -> None:
    address = fresh_address()
    exchange = created(api, refundAddress=address)
    deposit(chain, exchange, ETHER // 10 + 1)
    reach(api, exchange, "verifying")
    other = fresh_address()
    body = {"id": exchange["id"], "address": other}
    assert api.post("/v2/exchange/refund", json=body).json() == {"result": True}
    done = reach(api, exchange, "refunded")
    assert (balance(chain, address), balance(chain, other)) == (0, ETHER // 10 + 1)
    assert rpc(chain, "eth_getTransactionReceipt", done["refundHash"])["to"] == other
    assert done["refundAmount"] == done["amountFrom"]
    assert error_of(api.post("/v2/exchange/refund", json=body)) == "not_available"


def test_a_late_deposit_is_held(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api)
    direct(api, exchange, deposit_seconds=0)
    deposit(chain, exchange)
    held = reach(api, exchange, "verifying")
    assert (held["actionsAvailable"], held["amountFrom"]) == (True, Decimal("0.1"))
    assert record(api, exchange)["trouble"] == "late"


def test_the_standard_flow_takes_any_amount(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api, flow="standard", rateId="")
    deposit(chain, exchange, ETHER // 5)
    done = reach(api, exchange, "finished")
    assert Decimal("1.98") < done["amountTo"] / done["expectedAmountTo"] < Decimal("2.02")


def test_a_second_deposit_is_an_exchange_beside_the_first(
    api: httpx.Client, chain: EthereumServer
) -> None:
    exchange = created(api)
    deposit(chain, exchange)
    reach(api, exchange, "finished")
    deposit(chain, exchange, ETHER // 50)
    [repeated] = eventually(lambda: shown(api, exchange)["repeatedExchangesInfo"])
    assert repeated["amountFrom"] == Decimal("0.02")
    assert re.fullmatch(r"[\d-]{10}T[\d:.]{12}", repeated["createdAt"])
    held = reach(api, repeated, "verifying")
    assert held["originalExchangeInfo"]["id"] == exchange["id"]
    assert held["actionsAvailable"] is True
    assert shown(api, exchange)["relatedExchangesInfo"] is None
    address = fresh_address()
    api.post("/v2/exchange/refund", json={"id": repeated["id"], "address": address})
    reach(api, repeated, "refunded")
    assert balance(chain, address) == ETHER // 50


def test_the_stand_in_can_pay_in_twice_itself(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api)
    direct(api, exchange, repeat_deposit=True)
    deposit(chain, exchange)
    [repeated] = eventually(lambda: shown(api, exchange)["repeatedExchangesInfo"])
    assert repeated["amountFrom"] == Decimal("0.1")
    assert balance(chain, exchange["payinAddress"]) == ETHER // 5


def test_another_asset_is_a_related_exchange(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api)
    deposit_tokens(chain, exchange, 7_000_000)
    [related] = eventually(lambda: shown(api, exchange)["relatedExchangesInfo"])
    assert (related["fromCurrency"], related["amountFrom"]) == ("usdt", 7)
    assert shown(api, exchange)["status"] == "waiting"
    reach(api, related, "verifying")
    direct(api, related, refund=True)
    reach(api, related, "refunded")


# --- directives


def test_hold_and_release(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api)
    direct(api, exchange, hold="verifying")
    deposit(chain, exchange)
    held = reach(api, exchange, "verifying")
    assert held["actionsAvailable"] is False
    body = {"id": exchange["id"], "address": WALLET}
    assert error_of(api.post("/v2/exchange/refund", json=body)) == "not_available"
    assert error_of(api.post("/v2/exchange/continue", json=body)) == "not_available"
    told = got(api, "/v2/exchange/actions", id=exchange["id"])
    assert (told["continue"]["available"], told["refund"]["available"]) == (False, False)
    direct(api, exchange, release=True)
    assert reach(api, exchange, "finished")["amountTo"] == exchange["toAmount"]


def test_any_status_can_be_held(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api)
    direct(api, exchange, hold="exchanging")
    deposit(chain, exchange)
    reach(api, exchange, "exchanging")
    time.sleep(0.2)
    assert shown(api, exchange)["status"] == "exchanging"
    direct(api, exchange, release=True)
    reach(api, exchange, "finished")


def test_a_failed_exchange_can_still_be_refunded(api: httpx.Client, chain: EthereumServer) -> None:
    address = fresh_address()
    exchange = created(api, refundAddress=address)
    direct(api, exchange, fail=True)
    deposit(chain, exchange)
    failed = reach(api, exchange, "failed")
    assert (failed["actionsAvailable"], failed["amountTo"]) == (True, None)
    direct(api, exchange, refund=True, loss="0.0001")
    done = reach(api, exchange, "refunded")
    assert balance(chain, address) == ETHER // 10 - ETHER // 10_000
    assert (done["refundAmount"], done["actionsAvailable"]) == (Decimal("0.0999"), False)


def test_a_token_is_refunded_in_kind(api: httpx.Client, chain: EthereumServer) -> None:
    address = fresh_address()
    exchange = created(api, **from_usdt("20"), refundAddress=address)
    direct(api, exchange, refund=True)
    deposit_tokens(chain, exchange, 20_000_000)
    assert reach(api, exchange, "refunded")["refundAmount"] == 20
    assert tokens_of(chain, "usdt:eth", address) == 20_000_000


def test_another_amount_can_be_paid_out(api: httpx.Client, chain: EthereumServer) -> None:
    address = fresh_address()
    exchange = created(api, **from_usdt("20"), **into("eth:eth", address))
    direct(api, exchange, finish_with="0.005000000000000001")
    deposit_tokens(chain, exchange, 20_000_000)
    reach(api, exchange, "finished")
    assert balance(chain, address) == 5 * 10**15 + 1


def test_the_end_can_be_told_without_amount_and_hash(
    api: httpx.Client, chain: EthereumServer
) -> None:
    exchange = created(api)
    direct(api, exchange, hide_amount_to=True, hide_payout_hash=True)
    deposit(chain, exchange)
    done = reach(api, exchange, "finished")
    assert (done["amountTo"], done["payoutHash"]) == (None, None)
    direct(api, exchange, hide_amount_to=False, hide_payout_hash=False)
    assert shown(api, exchange)["amountTo"] == exchange["toAmount"]


def test_a_refund_can_be_told_without_amount_and_hash(
    api: httpx.Client, chain: EthereumServer
) -> None:
    exchange = created(api)
    direct(api, exchange, refund=True, hide_refund_hash=True, hide_refund_amount=True)
    deposit(chain, exchange)
    done = reach(api, exchange, "refunded")
    assert (done["refundHash"], done["refundAmount"]) == (None, None)
    direct(api, exchange, hide_refund_hash=False, hide_refund_amount=False)
    assert shown(api, exchange)["refundHash"].startswith("0x")


def test_any_word_can_be_shown_as_status(api: httpx.Client, chain: EthereumServer) -> None:
    exchange = created(api)
    deposit(chain, exchange)
    reach(api, exchange, "finished")
    for word in ("expired", "waiting"):
        direct(api, exchange, status=word)
        assert shown(api, exchange)["status"] == word
    direct(api, exchange, status=None)
    assert shown(api, exchange)["status"] == "finished"


def test_plans_are_for_exchanges_to_come(api: httpx.Client, chain: EthereumServer) -> None:
    plan = {"pair": "eth:eth>ltc:ltc", "times": 1, "directives": {"fail": True}}
    assert len(order(api, "plans", plan)) == 1
    litecoin = into("ltc:ltc", "L" + "a" * 33)
    other, planned, after = created(api), created(api, **litecoin), created(api, **litecoin)
    for exchange in (other, planned, after):
        deposit(chain, exchange)
    reach(api, planned, "failed")
    reach(api, other, "finished")
    reach(api, after, "finished")
    assert api.get("/_sandbox/plans").json() == []


def test_an_inactive_pair_is_refused_everywhere(api: httpx.Client) -> None:
    body = order_body(api)
    order(api, "inactive", {"pair": "eth:eth>btc:btc"})
    answers = [
        api.get("/v2/exchange/range", params=ETH_BTC),
        api.get("/v2/exchange/estimated-amount", params={**ETH_BTC, "fromAmount": "0.1"}),
        api.post("/v2/exchange", json=body),
    ]
    order(api, "inactive", {"pair": "eth:eth>btc:btc", "inactive": False})
    assert [error_of(one) for one in answers] == ["pair_is_inactive"] * 3
    assert api.post("/v2/exchange", json=body).is_success


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("range", "range"),
        ("available-pairs", "available-pairs"),
        ("estimated-amount", "estimated-amount"),
        ("network-fee", "network-fee"),
        ("actions", "actions"),
    ],
)
def test_entitlements_can_be_taken_away(api: httpx.Client, name: str, path: str) -> None:
    order(api, "entitlements", {name: False})
    answer = api.get(f"/v2/exchange/{path}", params=ETH_BTC)
    order(api, "entitlements", {name: True})
    assert error_of(answer, 403) == "forbidden"


def test_fixed_rates_can_be_taken_away(api: httpx.Client) -> None:
    order(api, "entitlements", {"fixed_rate": False})
    answer = api.get("/v2/exchange/range", params=ETH_BTC)
    order(api, "entitlements", {"fixed_rate": True})
    assert error_of(answer) == "fixed_rate_not_enabled"


# --- the rest of the API


def test_an_exchange_is_found_by_a_parameter_only(api: httpx.Client) -> None:
    exchange = created(api)
    assert set(shown(api, exchange)) - {"payinExtraId"} == {
        *("id", "status", "actionsAvailable", "fromCurrency", "fromNetwork", "toCurrency"),
        *("toNetwork", "expectedAmountFrom", "expectedAmountTo", "amountFrom", "amountTo"),
        *("payinAddress", "payoutAddress", "payoutExtraId", "refundAddress", "refundExtraId"),
        *("createdAt", "updatedAt", "depositReceivedAt", "payinHash", "payoutHash"),
        *("fromLegacyTicker", "toLegacyTicker", "refundHash", "refundAmount", "userId"),
        *("validUntil", "relatedExchangesInfo", "repeatedExchangesInfo", "originalExchangeInfo"),
    }
    assert api.get(f"/v2/exchange/{exchange['id']}").status_code == 404
    assert error_of(api.get("/v2/exchange/by-id")) == "not_valid_params"
    for unknown in ("0" * 14, "nonsense"):
        answer = api.get("/v2/exchange/by-id", params={"id": unknown})
        assert error_of(answer, 404) == "not_found"


@pytest.mark.parametrize("path", ["continue", "refund"])
def test_actions_on_nothing_are_not_found(api: httpx.Client, path: str) -> None:
    answer = api.post(f"/v2/exchange/{path}", json={"id": "0" * 14, "address": WALLET})
    assert error_of(answer, 404) == "not_found"


@pytest.mark.parametrize(
    ("network", "address", "good"),
    [
        ("eth", WALLET, True),
        ("eth", "0xdAC17F958D2ee523a2206206994597C13D831ec7", True),
        ("base", "0xDAC17F958D2ee523a2206206994597C13D831ec7", False),
        ("btc", BTC_ADDRESS, True),
        ("btc", WALLET, False),
        ("xrp", XRP_ADDRESS, True),
        ("trx", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", True),
        ("sol", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", True),
        ("ton", "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs", True),
        ("xlm", "G" + "A" * 54, False),
    ],
)
def test_addresses_are_checked_by_network(
    api: httpx.Client, network: str, address: str, good: bool
) -> None:
    query = {"currency": network, "address": address}
    told = got(api, "/v2/validate/address", **query)
    assert set(told) == {"result", "message", "isActivated"}
    assert told["result"] is good
    assert (told["message"] is None) is good


def test_an_unknown_network_is_an_error_not_a_bad_address(api: httpx.Client) -> None:
    answer = api.get("/v2/validate/address", params={"currency": "usdt", "address": WALLET})
    assert error_of(answer) == "not_valid_params"


def test_made_up_pay_in_addresses_are_plausible() -> None:
    for coin in catalogue.BOOKED:
        if coin.network not in addresses.EVM:
            made_up = addresses.made_up(coin.network, 1)
            assert addresses.is_plausible(made_up, coin.network), made_up


def test_market_estimates_have_no_fees_and_an_error_of_their_own(api: httpx.Client) -> None:
    query = {**ETH_BTC, "fromAmount": "0.1", "type": "direct"}
    told = got(api, "/v2/markets/estimate", **query)
    assert told["toAmount"] > estimate(api, flow="standard")["toAmount"]
    answer = api.get("/v2/markets/estimate", params={**query, "fromAmount": "x"})
    assert error_of(answer) == "bad_params"


def test_network_fees_are_those_of_the_estimate(api: httpx.Client) -> None:
    told = got(api, "/v2/exchange/network-fee", **ETH_BTC, fromAmount="0.1")
    assert told["estimatedFee"]["withdrawal"]["amount"] == estimate(api)["withdrawalFee"]


def test_the_list_needs_a_private_key_and_finds_orphans_by_address(api: httpx.Client) -> None:
    address = fresh_address()
    exchange = created(api, **into("usdt:eth", address))
    assert error_of(api.get("/v2/exchanges"), 403) == "invalid_api_key"
    private = {"x-changenow-api-key": "private"}
    query = {"payoutAddress": address, "limit": "5", "statuses": "new,waiting"}
    found = api.get("/v2/exchanges", params=query, headers=private).json()
    assert found["count"] == 1
    [row] = found["exchanges"]
    assert (row["exchangeId"], row["payin"]["currency"]) == (exchange["id"], "eth")
    assert row["payout"]["address"] == address
    assert row["payin"]["expectedAmount"] == 0.1
    gone = api.get("/v2/exchanges", params={**query, "statuses": "failed"}, headers=private)
    assert gone.json() == {"count": 0, "exchanges": []}
    answer = api.get("/v2/exchanges", params={"limit": "100"}, headers=private)
    assert error_of(answer) == "not_valid_params"


# --- weather


def test_weather_writes_the_same_numbers_in_odd_ways(api: httpx.Client) -> None:
    order(api, "weather", {"exponents": 1, "drift": 0})
    query = {**ETH_BTC, "fromAmount": "0.1"}
    raw = api.get("/v2/exchange/estimated-amount", params=query).text
    assert '"fromAmount":1e-1,' in raw
    order(api, "weather", {"exponents": 0})
    assert json.loads(raw) == api.get("/v2/exchange/estimated-amount", params=query).json() | {
        "transactionSpeedForecast": json.loads(raw)["transactionSpeedForecast"]
    }


def test_weather_tells_more_digits_than_can_be_paid(api: httpx.Client) -> None:
    order(api, "weather", {"extra_digits": 1})
    told = estimate(api)
    exchange = created(api, rateId=told["rateId"])
    assert len(str(told["toAmount"]).partition(".")[2]) > 8
    assert 0 <= told["toAmount"] - exchange["toAmount"] < Decimal("0.00000001")


def test_weather_adds_fields_leaves_out_nulls_and_goes_back_in_time(api: httpx.Client) -> None:
    exchange = created(api)
    order(api, "weather", {"extra_fields": 1, "missing_nulls": 1, "stale_updated_at": 1})
    told = shown(api, exchange)
    assert "partnerInfo" in told
    assert "refundHash" not in told
    assert told["updatedAt"] < told["createdAt"]


def test_an_empty_pay_in_memo_is_written_in_three_ways(api: httpx.Client) -> None:
    exchange = created(api)
    seen = {shown(api, exchange).get("payinExtraId", "missing") for _ in range(30)}
    assert seen == {"missing", None, ""}


def test_too_many_calls_are_told_when_to_come_back(api: httpx.Client) -> None:
    time.sleep(1)
    order(api, "weather", {"calls_per_second": 3})
    answers = [api.get("/v2/exchange/range", params=ETH_BTC) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "1"


# --- faults


@pytest.mark.parametrize("name", CANNED)
def test_every_documented_code_can_be_answered(api: httpx.Client, name: str) -> None:
    order(api, "canned", {"operation": BY_ID, "name": name})
    struck = api.get("/v2/exchange/by-id", params={"id": "0" * 14})
    assert struck.status_code == CANNED[name].status
    assert struck.json()["error"] == name


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("UNAUTHORIZED", 401, "application/json"),
        ("RATE_LIMITED", 429, "application/json"),
        ("HTML_500", 500, "text/html"),
        ("HTML_503", 503, "text/html"),
        ("EMPTY_200", 200, "application/json"),
        ("NOT_JSON_200", 200, "text/html"),
    ],
)
def test_answers_that_are_not_the_api_s(
    api: httpx.Client, name: str, status: int, kind: str
) -> None:
    order(api, "faults", canned_fault(ESTIMATE, name, retry_after=9))
    query = {**ETH_BTC, "fromAmount": "0.1"}
    struck = api.get("/v2/exchange/estimated-amount", params=query)
    assert struck.status_code == status
    assert struck.headers["content-type"].startswith(kind)
    assert struck.headers.get("retry-after") == ("9" if status == 429 else None)
    assert api.get("/v2/exchange/estimated-amount", params=query).is_success


def test_a_dropped_creation_made_nothing(api: httpx.Client) -> None:
    body, before = order_body(api), known_ids(api)
    fault(api, CREATE, "drop")
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/v2/exchange", json=body)
    assert known_ids(api) == before


def test_a_lost_answer_leaves_an_exchange_behind(api: httpx.Client) -> None:
    body, before = order_body(api), known_ids(api)
    fault(api, CREATE, "lose_answer")
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/v2/exchange", json=body)
    [orphan] = known_ids(api) - before
    assert shown(api, {"id": orphan})["payoutAddress"] == BTC_ADDRESS


@pytest.mark.parametrize("kind", ["delay", "hold_before", "hold_after"])
def test_answers_can_be_late(api: httpx.Client, kind: str) -> None:
    fault(api, BY_ID, kind, seconds=0.2)
    begun = time.monotonic()
    assert api.get("/v2/exchange/by-id", params={"id": "0" * 14}).status_code == 404
    assert time.monotonic() - begun >= 0.2


def test_an_echo_can_be_wrong(api: httpx.Client) -> None:
    changes = {"payoutAddress": "1evil", "toCurrency": "ltc", "fromAmount": 2}
    fault(api, CREATE, "custom", name="echo", values=changes)
    wrong = created(api)
    assert wrong.items() >= changes.items()
    assert shown(api, wrong)["payoutAddress"] == BTC_ADDRESS
    assert created(api)["payoutAddress"] == BTC_ADDRESS


def test_a_quote_can_be_bad_and_is_meant(api: httpx.Client) -> None:
    good = estimate(api)["toAmount"]
    fault(api, ESTIMATE, "custom", name="quote", values={"factor": "0.8"})
    bad = estimate(api)
    assert Decimal("0.795") < bad["toAmount"] / good < Decimal("0.805")
    assert created(api, rateId=bad["rateId"])["toAmount"] == bad["toAmount"]
    fault(api, ESTIMATE, "custom", name="quote", values={"factor": "0.8"})
    dear = estimate(api, type="reverse", toAmount="0.003")["fromAmount"]
    assert dear > Decimal("1.2") * estimate(api, type="reverse", toAmount="0.003")["fromAmount"]


def test_a_quote_can_be_short(api: httpx.Client) -> None:
    fault(api, ESTIMATE, "custom", name="short", values={"seconds": 0.05})
    rate_id = estimate(api)["rateId"]
    time.sleep(0.1)
    answer = api.post("/v2/exchange", json=order_body(api, rateId=rate_id))
    assert error_of(answer) == "rate_id_not_found_or_expired"


def test_requests_are_written_down_without_the_key(api: httpx.Client) -> None:
    after = api.get("/_sandbox/requests").json()[-1]["id"]
    exchange = created(api)
    fault(api, BY_ID, "answer", status=500)
    api.get("/v2/exchange/by-id", params={"id": exchange["id"]})
    log = api.get("/_sandbox/requests", params={"after": str(after)})
    quoted, made, asked = log.json()
    assert quoted["query"]["useRateId"] == "true"
    assert (made["method"], made["path"], made["status"]) == ("POST", "/v2/exchange", 200)
    assert made["body"]["refundAddress"] == WALLET
    assert (asked["query"], asked["status"]) == ({"id": exchange["id"]}, 500)
    assert "api-key" not in log.text


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("weather", {"latencies": 1}),
        ("plans", {"directives": {"held": "verifying"}}),
        ("limits", {"pair": "eth>btc", "fixed": {"min": "1"}}),
        ("rates", {"nothing:nowhere": "1"}),
        ("rates", {"btc:btc": "cheap"}),
        ("entitlements", {"everything": True}),
        ("canned", {"operation": CREATE, "name": "no_such_code"}),
    ],
)
def test_a_misspelt_order_is_refused(api: httpx.Client, name: str, body: Any) -> None:
    assert error_of(api.post(f"/_sandbox/{name}", json=body)) == "bad_order"


def test_an_order_for_nothing_is_not_found(api: httpx.Client) -> None:
    answer = api.post("/_sandbox/exchanges/00000000000000", json={"fail": True})
    assert error_of(answer, 404) == "not_found"


def test_the_book_of_every_coin_is_conserved(api: httpx.Client) -> None:
    """Whatever the tests before have paid out."""
    for coin_id, page in got(api, "/_sandbox/book").items():
        paid = sum(Decimal(one["amount"]) for one in page["accounts"])
        assert Decimal(page["float"]) + paid == Decimal(page["total"])
        whole = int(10**9 / catalogue.COINS[coin_id].price_usd) + 1
        assert Decimal(page["total"]) == whole
