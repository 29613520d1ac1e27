import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.nowpayments import callbacks, js, money
from tests.sandbox.nowpayments.chain import transaction
from tests.sandbox.nowpayments.errors import canned_fault
from tests.sandbox.nowpayments.records import Deposit

VECTORS = json.loads(Path(__file__).with_name("nowpayments_vectors.json").read_text())
SECRET: str = VECTORS["secret"]
WALLET = "0x" + "ab" * 20
PAYER = "0x" + "05" * 20
PATIENCE_SECONDS = 8.0
CALM: dict[str, Any] = {
    "reset": True,
    "pace": 0.02,
    "latency": 0,
    "duplicate": 0,
    "reorder": 0,
    "unsorted": 0,
    "string_fees": 0,
    "actually_paid_zero": 0,
    "retry_seconds": 0.05,
}


class Server(ThreadingHTTPServer):
    """A server of this test that hands each POST to `answer(headers, body)`."""

    daemon_threads = True
    answer: Callable[[dict[str, str], bytes], tuple[int, bytes]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        given = {name.lower(): value for name, value in self.headers.items()}
        status, answer = self.server.answer(given, body)
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: Any) -> None:
        return


@dataclass
class Chain:
    """As much of a node as deposits need. `lose_answers` hides what was sent."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    lose_answers: int = 0

    def answer(self, _headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        request = json.loads(body)
        result = getattr(self, request["method"])(*request["params"])
        if request["method"] == "eth_sendTransaction" and self.lose_answers > 0:
            self.lose_answers -= 1
            return 502, b"lost"
        return 200, json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()

    def paying(self, value: int) -> list[dict[str, Any]]:
        return [one for one in self.sent if int(one["value"], 16) == value]

    def eth_accounts(self) -> list[str]:
        return ["0x" + f"{n:02x}" * 20 for n in range(10)]

    def eth_blockNumber(self) -> str:  # noqa: N802 - a method of the protocol
        return "0x7"

    def eth_sendTransaction(self, wanted: dict[str, Any]) -> str:  # noqa: N802 - likewise
        self.sent.append({**wanted, "input": "0x", "hash": f"0x{len(self.sent) + 1:064x}"})
        return str(self.sent[-1]["hash"])

    def eth_getTransactionReceipt(self, wanted: str) -> dict[str, Any]:  # noqa: N802 - likewise
        return {"status": "0x1", "transactionHash": wanted}

    def eth_getBlockByNumber(self, block: str, _full: bool) -> dict[str, Any]:  # noqa: N802 - likewise
        return {"transactions": self.sent if block == "pending" else []}


@dataclass
class Merchant:
    """Our side: receives callbacks, and refuses as many of an invoice as it is told to."""

    got: list[tuple[str, bytes]] = field(default_factory=list)
    refuse: dict[int, int] = field(default_factory=dict)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        invoice_id = json.loads(body)["invoice_id"]
        if self.refuse.get(invoice_id, 0) > 0:
            self.refuse[invoice_id] -= 1
            return 503, b""
        self.got.append((headers["x-nowpayments-sig"], body))
        return 200, b""

    def of(self, payment_id: int) -> list[dict[str, Any]]:
        bodies = [js.parse(body) for _, body in self.got]
        return [body for body in bodies if body["payment_id"] == payment_id]

    def statuses(self, payment_id: int) -> list[str]:
        return [body["payment_status"] for body in self.of(payment_id)]


def serving(answer: Callable[[dict[str, str], bytes], tuple[int, bytes]]) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.answer = answer
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def eventually(ask: Callable[[], Any]) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := ask()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return answer


@dataclass
class StandIn:
    """The stand-in as a process of its own, started as a stack starts it."""

    state: Path
    rpc_url: str
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        options = ["--port", str(self.port), "--state", str(self.state), "--rpc", self.rpc_url]
        options += ["--merchant-wallet", WALLET, "--pace", "0.02"]
        secrets = {"API_KEY": "key", "IPN_SECRET": f" {SECRET}\n", "EMAIL": "a@b.c"}
        secrets["PASSWORD"] = "pass"
        env = {f"NOWPAYMENTS_{name}": value for name, value in secrets.items()}
        command = [sys.executable, "-m", "tests.sandbox.nowpayments", *options]
        self.process = subprocess.Popen(command, env={**os.environ, **env})
        eventually(self.healthy)

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def stop(self, *, hard: bool = False) -> None:
        if self.process is not None:
            (self.process.kill if hard else self.process.terminate)()
            self.process.wait(5)


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain()


@pytest.fixture(scope="module")
def merchant() -> Merchant:
    return Merchant()


@pytest.fixture(scope="module")
def merchant_url(merchant: Merchant) -> Iterator[str]:
    for server in serving(merchant.answer):
        yield f"{server.url}/ipn"


@pytest.fixture(scope="module")
def process(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for node in serving(chain.answer):
        one = StandIn(tmp_path_factory.mktemp("nowpayments") / "state.db", node.url, port)
        one.start()
        yield one
        one.stop()


@pytest.fixture
def api(process: StandIn) -> Iterator[httpx.Client]:
    headers = {"x-api-key": "key"}
    with httpx.Client(base_url=process.url, headers=headers, trust_env=False) as client:
        client.delete("/_sandbox/faults")
        client.post("/_sandbox/weather", json=CALM).raise_for_status()
        yield client


@pytest.fixture
def invoice(api: httpx.Client, merchant_url: str) -> dict[str, Any]:
    return invoiced(api, merchant_url)


def invoiced(api: httpx.Client, merchant_url: str, **changes: Any) -> dict[str, Any]:
    body = {
        "price_amount": 25,
        "price_currency": "USD",
        "order_id": "sub-42",
        "order_description": "Жемчуг / 30 days",
        "ipn_callback_url": merchant_url,
        "success_url": "https://t.me/some_bot?start=x",
        **changes,
    }
    response = api.post("/v1/invoice", json=body)
    assert response.status_code == 201, response.text
    return dict(response.json())


def pay(api: httpx.Client, invoice: dict[str, Any], **order: Any) -> int:
    response = api.post("/_sandbox/pay", json={"invoice_id": int(invoice["id"]), **order})
    assert response.status_code == 200, response.text
    return int(response.json()["payment_id"])


def shown(api: httpx.Client, payment_id: int) -> dict[str, Any]:
    return dict(js.parse(api.get(f"/v1/payment/{payment_id}").content))


def bearer(api: httpx.Client) -> dict[str, str]:
    answer = api.post("/v1/auth", json={"email": "a@b.c", "password": "pass"})
    return {"authorization": f"Bearer {answer.json()['token']}"}


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda one: one["name"])
def test_canonical_form_and_signature_equal_the_recorded_ones(vector: dict[str, str]) -> None:
    body = js.parse(vector["wire_body"])
    assert js.canonical(body) == vector["canonical_body"]
    assert callbacks.signature(SECRET, body) == vector["signature_of_canonical"]


NUMBERS = {
    "1e-7": "1e-7",
    "0.000002": "0.000002",
    "1e21": "1e+21",
    "123456789012345680000": "123456789012345680000",
    "100.0": "100",
    "-0.0": "0",
    "2.5e-8": "2.5e-8",
    "-1.25e-7": "-1.25e-7",
    "1e16": "10000000000000000",
    "5e-324": "5e-324",
    "1.7976931348623157e308": "1.7976931348623157e+308",
    "0.1": "0.1",
    "0.0150000150000150": "0.015000015000015",
    "9007199254740993": "9007199254740992",
    "120": "120",
}


@pytest.mark.parametrize(("given", "expected"), NUMBERS.items())
def test_numbers_are_written_as_javascript_writes_them(given: str, expected: str) -> None:
    assert js.number(Decimal(given)) == expected


@pytest.mark.skipif(shutil.which("node") is None, reason="compares with node")
def test_node_agrees_on_numbers_and_strings() -> None:
    numbers = [*NUMBERS, *(f"{7.1234567890123456 / 3**n!r}" for n in range(-60, 60))]
    strings = ['ä/\u2028\u007f\u0001\n"\\', "😀"]
    script = "const [n, s] = JSON.parse(process.argv[1]);"
    script += "process.stdout.write(JSON.stringify([n.map(Number), [...s, '\\ud800']]))"
    command = ["node", "-e", script, json.dumps([numbers, strings])]
    node = subprocess.run(command, capture_output=True, check=True, timeout=20)
    ours = js.text([[Decimal(one) for one in numbers], [*strings, "\ud800"]])
    assert node.stdout.decode() == ours


def test_an_invoice_has_no_payment_yet(api: httpx.Client, invoice: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d{10,}", invoice["id"])
    assert invoice["price_amount"] == "25"
    assert invoice["price_currency"] == "USD"
    assert invoice["invoice_url"].endswith(f"/payment/?iid={invoice['id']}")
    assert not {"payment_id", "payment_status"} & invoice.keys()
    assert api.get(f"/v1/invoice/{invoice['id']}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price_amount": "25"}, "INVALID_REQUEST_PARAMS"),
        ({"price_amount": None}, "INVALID_REQUEST_PARAMS"),
        ({"price_amount": 0}, "INVALID_REQUEST_PARAMS"),
        ({"order_id": 42}, "INVALID_REQUEST_PARAMS"),
        ({"price_currency": "zzz"}, "CURRENCY_UNAVAILABLE"),
        ({"ipn_callback_url": "ftp://a.b"}, "INVALID_REQUEST_PARAMS"),
        ({"success_url": "https://a.b/?start=a|b"}, "INVALID_REQUEST_PARAMS"),
        ({"cancel_url": "https://a.b/ä"}, "INVALID_REQUEST_PARAMS"),
        ({"pay_currency": "btc", "price_amount": 3}, "AMOUNT_MINIMAL_ERROR"),
        ({"pay_currency": "xmr", "price_amount": 2001}, "BAD_CREATE_PAYMENT_REQUEST"),
    ],
)
def test_an_invoice_is_checked(api: httpx.Client, changes: dict[str, Any], code: str) -> None:
    body = {"price_amount": 25, "price_currency": "usd", **changes}
    answer = api.post("/v1/invoice", json=body)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    envelope = {"status": False, "statusCode": 400, "code": code}
    assert answer.json() == {**envelope, "message": answer.json()["message"]}


def test_a_wrong_key_is_403_but_not_for_status(api: httpx.Client) -> None:
    wrong = {"x-api-key": "wrong"}
    assert api.get("/v1/status", headers=wrong).json() == {"message": "OK"}
    refused = api.get("/v1/currencies", headers=wrong)
    assert (refused.status_code, refused.json()["code"]) == (403, "INVALID_API_KEY")


def test_the_list_needs_a_token_and_an_empty_id_is_the_list(
    api: httpx.Client, invoice: dict[str, Any]
) -> None:
    trap = api.get("/v1/payment/")
    assert (trap.status_code, trap.json()["code"]) == (401, "AUTH_REQUIRED")
    parent = pay(api, invoice, end="expired")
    child = pay(api, invoice, parent_payment_id=parent, end="expired", pay_currency="doge")
    query = {"invoiceId": invoice["id"], "limit": "1", "page": "1"}
    listed = api.get("/v1/payment/", params=query, headers=bearer(api)).json()
    assert (listed["total"], listed["pagesCount"], listed["page"]) == (2, 2, 1)
    row = listed["data"][0]
    assert (row["payment_id"], row["parent_payment_id"]) == (child, parent)
    assert row["origin_type"] == "REPEATED"
    assert shown(api, parent)["payment_extra_ids"] == [child]


def test_the_list_refuses_old_tokens_and_odd_orders(api: httpx.Client) -> None:
    token = bearer(api)
    assert api.get("/v1/payment/?orderBy=created_at", headers=token).status_code == 500
    assert api.get("/v1/payment/?limit=501", headers=token).status_code == 400
    api.post("/_sandbox/weather", json={"token_seconds": 0})
    assert api.get("/v1/payment/", headers=bearer(api)).json()["code"] == "AUTH_REQUIRED"


def test_a_payment_runs_through_its_statuses_and_moves_money(
    api: httpx.Client, invoice: dict[str, Any], chain: Chain, merchant: Merchant
) -> None:
    payment_id = pay(api, invoice)
    eventually(lambda: len(merchant.of(payment_id)) == 5)
    wanted = ["waiting", "confirming", "confirmed", "sending", "finished"]
    assert merchant.statuses(payment_id) == wanted
    answer = shown(api, payment_id)
    assert answer["payment_id"] == payment_id
    assert isinstance(answer["purchase_id"], int)
    assert answer["burning_percent"] == "null"
    last = merchant.of(payment_id)[-1]
    assert (last["purchase_id"], last["order_id"]) == (str(answer["purchase_id"]), "sub-42")
    assert (last["actually_paid_at_fiat"], "payout_hash" in last) == (0, False)
    assert 0 < abs(last["actually_paid"] - last["pay_amount"]) < Decimal("1e-6")
    [sent] = [one for one in chain.sent if one["hash"] == answer["payout_hash"]]
    assert (sent["from"], sent["to"]) == (PAYER, WALLET)
    assert int(sent["value"], 16) == last["outcome_amount"] * 10**18
    assert Decimal("0.0074") < last["outcome_amount"] < Decimal("0.0075")


def test_callbacks_are_signed_over_the_canonical_form_also_when_unsorted(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant
) -> None:
    api.post("/_sandbox/weather", json={"unsorted": True, "string_fees": True})
    payment_id = pay(api, invoice, end="failed")
    eventually(lambda: "failed" in merchant.statuses(payment_id))
    for signature, body in list(merchant.got):
        canonical = js.canonical(js.parse(body)).encode()
        assert signature == hmac.new(SECRET.encode(), canonical, "sha512").hexdigest()
    last = merchant.of(payment_id)[-1]
    assert list(last) != sorted(last)
    assert isinstance(last["fee"]["serviceFee"], str)


@pytest.mark.parametrize("end", ["expired", "refunded", "partially_paid"])
def test_other_ends(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant, end: str
) -> None:
    payment_id = pay(api, invoice, end=end)
    eventually(lambda: end in merchant.statuses(payment_id))
    assert bool(shown(api, payment_id).get("payout_hash")) == (end == "partially_paid")


def test_an_expired_payment_may_finish_late(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant
) -> None:
    payment_id = pay(api, invoice, end="expired")
    eventually(lambda: "expired" in merchant.statuses(payment_id))
    answer = api.post("/_sandbox/pay", json={"payment_id": payment_id})
    assert answer.json() == {"payment_id": payment_id}
    eventually(lambda: "finished" in merchant.statuses(payment_id))
    assert shown(api, payment_id)["payout_hash"].startswith("0x")


def test_weather_repeats_reorders_hides_and_silences(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant
) -> None:
    stormy = {"reorder": True, "duplicate": 1, "no_payout_hash": 1, "actually_paid_zero": 1}
    api.post("/_sandbox/weather", json={**stormy, "deposit_difference_wei": -7})
    payment_id = pay(api, invoice)
    eventually(lambda: len(merchant.of(payment_id)) == 10)
    statuses = merchant.statuses(payment_id)
    assert statuses.index("finished") < statuses.index("confirming")
    assert merchant.of(payment_id)[-1]["actually_paid"] == 0
    assert shown(api, payment_id).get("payout_hash") is None
    [deposit] = api.get("/_sandbox/deposits", params={"payment_id": payment_id}).json()
    assert deposit["value"] + 7 == shown(api, payment_id)["outcome_amount"] * 10**18
    silent = pay(api, invoice, weather={"silent": True, "internal_payout": 1})
    eventually(lambda: shown(api, silent)["payment_status"] == "finished")
    assert merchant.of(silent) == []


def test_resend_is_byte_for_byte(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant
) -> None:
    payment_id = pay(api, invoice, end="expired")
    eventually(lambda: "expired" in merchant.statuses(payment_id))
    order = {"payment_id": payment_id, "status": "expired", "times": 3, "at_once": True}
    answer = api.post("/_sandbox/resend", json=order).json()
    assert answer["sent"] == 3
    assert [one["attempts"][0]["status"] for one in answer["callbacks"]] == [200] * 3
    assert merchant.statuses(payment_id).count("expired") == 4
    bodies = {body for _, body in merchant.got if str(payment_id).encode() in body}
    assert len(bodies) == 2  # waiting and expired


def test_any_status_and_field_can_be_forced(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant
) -> None:
    payment_id = pay(api, invoice, weather={"pace": 60})
    order = {"payment_id": payment_id, "status": "zzz", "fields": {"outcome_amount": 1e-7}}
    api.post("/_sandbox/status", json=order).raise_for_status()
    eventually(lambda: "zzz" in merchant.statuses(payment_id))
    [body] = [body for _, body in merchant.got if b'"zzz"' in body]
    assert b'"outcome_amount":1e-7' in body
    assert shown(api, payment_id)["payment_status"] == "zzz"


def test_a_refused_callback_is_sent_again(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant
) -> None:
    merchant.refuse[int(invoice["id"])] = 3
    payment_id = pay(api, invoice, weather={"pace": 60})
    eventually(lambda: merchant.statuses(payment_id) == ["waiting"])
    query = {"payment_id": payment_id}
    stored = eventually(
        lambda: [
            one
            for one in api.get("/_sandbox/callbacks", params=query).json()
            if one["state"] == "delivered"
        ]
    )
    assert [one["status"] for one in stored[0]["attempts"]] == [503, 503, 503, 200]


def test_a_kill_loses_nothing_and_sends_the_deposit_once(
    api: httpx.Client, process: StandIn, chain: Chain, merchant_url: str, merchant: Merchant
) -> None:
    invoice = invoiced(api, merchant_url, price_amount=31.07)
    api.post("/_sandbox/weather", json={"retry_count": 10**6})
    merchant.refuse[int(invoice["id"])] = chain.lose_answers = 10**6
    payment_id = pay(api, invoice)
    query = {"payment_id": payment_id}
    [deposit] = eventually(lambda: api.get("/_sandbox/deposits", params=query).json())
    eventually(lambda: chain.paying(deposit["value"]))
    process.stop(hard=True)
    chain.lose_answers = merchant.refuse[int(invoice["id"])] = 0
    process.start()
    eventually(lambda: set(merchant.statuses(payment_id)) >= {"waiting", "finished"})
    [sent] = chain.paying(deposit["value"])
    assert shown(api, payment_id)["payout_hash"] == sent["hash"]


def test_a_token_settlement_is_a_token_transfer() -> None:
    value = money.base_units(Decimal("24.870001"), "usdterc20")
    deposit = Deposit(payment_id=1, to=WALLET, value=value, from_block=0)
    wanted = transaction("0x" + "cc" * 20, deposit, PAYER)
    assert (wanted["to"], wanted["value"]) == ("0x" + "cc" * 20, "0x0")
    assert wanted["data"] == f"0xa9059cbb{'0' * 24}{'ab' * 20}{24870001:064x}"
    with pytest.raises(ValueError, match="too many decimals"):
        money.base_units(Decimal("0.0000001"), "usdterc20")


def test_prices_and_minimums(api: httpx.Client) -> None:
    query = {"currency_from": "btc", "currency_to": "eth", "fiat_equivalent": "usd"}
    floating = api.get("/v1/min-amount", params=query).json()
    frozen = api.get("/v1/min-amount", params={**query, "is_fixed_rate": "true"}).json()
    assert floating["fiat_equivalent"] == 12.5
    assert floating["min_amount"] < frozen["min_amount"]
    unknown = api.get("/v1/min-amount", params={"currency_from": "zzz"})
    assert unknown.json()["code"] == "CURRENCY_UNAVAILABLE"
    query = {"amount": "10", "currency_from": "usd", "currency_to": "eth"}
    assert api.get("/v1/estimate", params=query).json()["estimated_amount"] == 0.003000003
    assert "ltc" in api.get("/v1/currencies").json()["currencies"]
    assert "ltc" in api.get("/v1/merchant/coins").json()["currencies"]
    codes = [one["code"] for one in api.get("/v1/full-currencies").json()["currencies"]]
    assert "USDTERC20" in codes


def test_payments_by_api_have_string_ids(api: httpx.Client, invoice: dict[str, Any]) -> None:
    body = {"price_amount": 30, "price_currency": "usd", "pay_currency": "xrp", "case": "success"}
    direct = api.post("/v1/payment", json=body).json()
    body = {"iid": invoice["id"], "pay_currency": "ltc"}
    hosted = api.post("/v1/invoice-payment", json=body).json()
    for created in (direct, hosted):
        assert isinstance(created["payment_id"], str)
        assert isinstance(created["purchase_id"], str)
        assert created["payment_status"] == "waiting"
    assert direct["payin_extra_id"].isdigit()
    eventually(lambda: shown(api, int(direct["payment_id"]))["payment_status"] == "finished")


def test_the_hosted_page_pays_and_returns_to_the_merchant(
    api: httpx.Client, invoice: dict[str, Any], merchant: Merchant
) -> None:
    page = api.get("/payment/", params={"iid": invoice["id"]}).text
    assert "25 USD" in page
    assert "Жемчуг" in page
    answer = api.post("/payment/", data={"iid": invoice["id"], "pay_currency": "trx"})
    assert answer.status_code == 303
    address, _, payment_id = answer.headers["location"].partition("&NP_id=")
    assert address == invoice["success_url"]
    eventually(lambda: "finished" in merchant.statuses(int(payment_id)))


@pytest.mark.parametrize(
    ("name", "status"), [("RATE_LIMITED", 429), ("HTML_502", 502), ("INVALID_API_KEY", 403)]
)
def test_faults_answer_and_every_call_is_written_down(
    api: httpx.Client, name: str, status: int
) -> None:
    fault = canned_fault(r"GET /v1/payment/\{id\}", name, retry_after=9)
    assert api.post("/_sandbox/faults", json=fault).status_code == 201
    seen = api.get("/_sandbox/calls").json()[-1:]
    after = seen[0]["id"] if seen else 0
    struck = api.get("/v1/payment/123")
    assert struck.status_code == status
    assert struck.headers.get("retry-after") == ("9" if status == 429 else None)
    assert api.get("/v1/payment/123").status_code == 404
    api.post("/v1/invoice", content=b'{"price_amount": 1e1 }')
    calls = api.get("/_sandbox/calls", params={"after": after}).json()
    assert [call["status"] for call in calls] == [status, 404, 400]
    assert calls[-1]["body"] == '{"price_amount": 1e1 }'


def test_a_misspelt_order_is_refused(api: httpx.Client) -> None:
    assert api.post("/_sandbox/weather", json={"duplicates": 1}).status_code == 400
    assert api.post("/_sandbox/pay", json={"invoice": 1}).status_code == 400
