"""The fake payment provider and the real adapter keep the same promises."""

from collections.abc import Iterator
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest

from shared_lib.adapters.nowpayments import NowPayments
from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, USDT, Asset, Money, parse_amount
from shared_lib.ports import (
    InvoiceRequest,
    PermanentError,
    RetryableError,
    UnknownOutcomeError,
)
from tests.contract.provider_worlds import (
    API_KEY,
    IPN_SECRET,
    NOWHERE,
    OPERATIONS,
    FakeWorld,
    StandInWorld,
    World,
    adapter,
    free_port,
    running_stand_in,
)


@pytest.fixture(scope="module")
def stand_in_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_stand_in(tmp_path_factory.mktemp("nowpayments") / "state.sqlite") as url:
        yield url


@pytest.fixture
def stand_in(stand_in_url: str) -> Iterator[StandInWorld]:
    world = StandInWorld(stand_in_url)
    yield world
    world.close()


@pytest.fixture(params=["fake", "stand_in"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = FakeWorld() if request.param == "fake" else request.getfixturevalue("stand_in")
    return found


def order(order_id: UUID | None = None, price_cents: int = 499) -> InvoiceRequest:
    return InvoiceRequest(
        order_id=order_id or uuid4(),
        price_cents=price_cents,
        description='Zugang \u2013 доступ \U0001f600 / 30 "days"',
        ipn_url=f"{NOWHERE}/ipn",
        success_url="https://shop.example/ok",
        cancel_url="https://shop.example/cancel",
        partially_paid_url="https://shop.example/partial",
    )


# ---- both ----------------------------------------------------------------------------------------


def test_an_invoice_has_an_id_and_a_page(world: World) -> None:
    invoice = world.provider.create_invoice(order())
    assert invoice.id.isdigit()
    assert invoice.url.startswith("http")
    assert invoice.id in invoice.url


def test_the_same_order_twice_makes_two_invoices(world: World) -> None:
    request = order()
    first, second = (world.provider.create_invoice(request) for _ in range(2))
    assert first.id != second.id
    assert world.invoice_orders().count(str(request.order_id)) == 2


def test_a_price_of_nothing_is_refused(world: World) -> None:
    for price in (0, -1):
        with pytest.raises(PermanentError):
            world.provider.create_invoice(order(price_cents=price))


def test_a_payment_says_what_it_is_for(world: World) -> None:
    request = order()
    invoice = world.provider.create_invoice(request)
    payment_id = world.pay(invoice)
    report = world.provider.read_report(world.provider.payment(payment_id))
    assert report.provider_payment_id == payment_id
    assert (report.status, report.order_id) == ("expired", str(request.order_id))
    assert report.invoice_id == invoice.id


def test_a_callback_is_genuine_until_it_is_changed(world: World) -> None:
    request = order()
    payment_id = world.pay(world.provider.create_invoice(request))
    body, signature = world.callback(payment_id)
    assert world.provider.is_genuine(body, signature)
    assert not world.provider.is_genuine(body.replace(b"expired", b"finishd"), signature)
    assert not world.provider.is_genuine(body, None)
    report = world.provider.read_report(body.decode())
    assert (report.provider_payment_id, report.order_id) == (payment_id, str(request.order_id))


@pytest.mark.parametrize("payment_id", ["123456789", "", "12/../34", "abc", "?limit=500"])
def test_there_is_no_such_payment(world: World, payment_id: str) -> None:
    with pytest.raises(PermanentError):
        world.provider.payment(payment_id)


@pytest.mark.parametrize(("asset", "least", "most"), [(ETH, 50_000, 5_000_000), (USDT, 95, 105)])
def test_coins_have_a_price_in_cents(world: World, asset: Asset, least: int, most: int) -> None:
    coin = parse_amount("1", asset)
    assert least < world.provider.usd_cents(coin) < most
    in_hundreds = world.provider.usd_cents(parse_amount("100", asset))
    assert abs(in_hundreds - 100 * world.provider.usd_cents(coin)) <= 50
    assert world.provider.usd_cents(Money(1, asset)) == 0


def test_a_coin_that_nobody_pays_us_in_has_no_price(world: World) -> None:
    with pytest.raises(PermanentError):
        world.provider.usd_cents(parse_amount("1", asset_of("btc:btc")))


def test_a_price_is_asked_for_again(world: World) -> None:
    coin = parse_amount("1", ETH)
    world.flood("usd_cents")
    with pytest.raises(RetryableError) as caught:
        world.provider.usd_cents(coin)
    assert caught.value.after_seconds == 7
    for trouble in (world.drop, world.lose_answer):
        trouble("usd_cents")
        with pytest.raises(RetryableError):
            world.provider.usd_cents(coin)
    assert world.provider.usd_cents(coin)


def test_the_payments_of_an_invoice_are_listed_and_no_others(world: World) -> None:
    first, other = (world.provider.create_invoice(order()) for _ in range(2))
    assert world.provider.payments_of(first.id) == []
    begun = [world.pay(first) for _ in range(2)]
    world.pay(other)
    assert sorted(world.provider.payments_of(first.id)) == sorted(begun)


@pytest.mark.parametrize("invoice_id", ["", "x", "1/2"])
def test_only_an_invoice_of_digits_has_payments(world: World, invoice_id: str) -> None:
    with pytest.raises(PermanentError):
        world.provider.payments_of(invoice_id)


def test_a_list_without_an_answer_is_asked_for_again(world: World) -> None:
    invoice = world.provider.create_invoice(order())
    world.drop("payments_of")
    with pytest.raises(RetryableError):
        world.provider.payments_of(invoice.id)
    assert world.provider.payments_of(invoice.id) == []


def test_a_flood_says_how_long_to_wait(world: World) -> None:
    for method in ("create_invoice", "payment"):
        world.flood(method)
    with pytest.raises(RetryableError) as of_invoice:
        world.provider.create_invoice(order())
    with pytest.raises(RetryableError) as of_payment:
        world.provider.payment("123456789")
    assert of_invoice.value.after_seconds == of_payment.value.after_seconds == 7


def test_an_invoice_without_an_answer_may_exist_or_not(world: World) -> None:
    lost, dropped = order(), order()
    world.lose_answer("create_invoice")
    with pytest.raises(UnknownOutcomeError):
        world.provider.create_invoice(lost)
    world.drop("create_invoice")
    with pytest.raises(UnknownOutcomeError):
        world.provider.create_invoice(dropped)
    orders = world.invoice_orders()
    assert str(lost.order_id) in orders
    assert str(dropped.order_id) not in orders


def test_a_question_without_an_answer_is_asked_again(world: World) -> None:
    payment_id = world.pay(world.provider.create_invoice(order()))
    world.drop("payment")
    with pytest.raises(RetryableError):
        world.provider.payment(payment_id)
    assert world.provider.payment(payment_id)


# ---- the adapter alone ---------------------------------------------------------------------------


def test_the_price_is_written_exactly(stand_in: StandInWorld) -> None:
    """Cents become a JSON number digit by digit; 0.29 and 8.10 are where floats go wrong."""
    for cents, text in ((29, "0.29"), (810, "8.10"), (100_000_01, "100000.01"), (5, "0.05")):
        stand_in.provider.create_invoice(order(price_cents=cents))
        body = stand_in.http.get("/_sandbox/calls").json()[-1]["body"]
        assert body.startswith(f'{{"price_amount":{text},"price_currency": "usd",')
        assert '"is_fixed_rate": false, "is_fee_paid_by_user": false' in body


def test_an_empty_id_is_not_asked_for(stand_in: StandInWorld) -> None:
    before = len(stand_in.http.get("/_sandbox/calls").json())
    with pytest.raises(PermanentError):
        stand_in.provider.payment("")
    assert len(stand_in.http.get("/_sandbox/calls").json()) == before


@pytest.mark.parametrize(
    "code",
    [
        "INVALID_API_KEY",
        "INVALID_REQUEST_PARAMS",
        "AMOUNT_MINIMAL_ERROR",
        "CURRENCY_UNAVAILABLE",
        "BAD_CREATE_PAYMENT_REQUEST",
    ],
)
def test_a_refusal_carries_its_code(stand_in: StandInWorld, code: str) -> None:
    for method in ("create_invoice", "payment"):
        stand_in.canned(method, code)
    with pytest.raises(PermanentError, match=code):
        stand_in.provider.create_invoice(order())
    with pytest.raises(PermanentError, match=code):
        stand_in.provider.payment("1")


@pytest.mark.parametrize(
    "name", ["HTML_502", "HTML_520", "HTML_524", "HTML_403", "EMPTY_200", "NOT_JSON_200"]
)
def test_an_unreadable_answer_proves_nothing(stand_in: StandInWorld, name: str) -> None:
    for method in ("create_invoice", "payment"):
        stand_in.canned(method, name)
    with pytest.raises(UnknownOutcomeError):
        stand_in.provider.create_invoice(order())
    with pytest.raises(RetryableError):
        stand_in.provider.payment("1")


@pytest.mark.parametrize(
    "body",
    [
        '{"id":"1","order_id":"another","invoice_url":"https://pay.example"}',
        '{"id":1.5,"order_id":"ORDER","invoice_url":"https://pay.example"}',
        '{"id":"1","order_id":"ORDER","invoice_url":"javascript:alert(1)"}',
        '{"id":"1","order_id":"ORDER"}',
    ],
)
def test_an_answer_that_is_not_about_our_order_is_none(stand_in: StandInWorld, body: str) -> None:
    request = order()
    answer = body.replace("ORDER", str(request.order_id))
    operation = OPERATIONS["create_invoice"]
    stand_in.order("faults", operation=operation, kind="answer", status=201, body=answer)
    with pytest.raises(UnknownOutcomeError):
        stand_in.provider.create_invoice(request)


def test_an_answer_about_another_payment_is_none(stand_in: StandInWorld) -> None:
    body = '{"payment_id":2,"payment_status":"finished"}'
    operation = OPERATIONS["payment"]
    stand_in.order("faults", operation=operation, kind="answer", status=200, body=body)
    with pytest.raises(RetryableError):
        stand_in.provider.payment("1")


@pytest.mark.parametrize(
    "data",
    [
        "{}",
        "[1]",
        '[{"payment_id":5,"invoice_id":2}]',
        '[{"payment_id":5}]',
        '[{"payment_id":"x","invoice_id":1}]',
        '[{"invoice_id":1}]',
    ],
)
def test_a_list_that_is_not_about_our_invoice_is_none(stand_in: StandInWorld, data: str) -> None:
    body, operation = f'{{"data":{data}}}', OPERATIONS["payments_of"]
    stand_in.order("faults", operation=operation, kind="answer", status=200, body=body)
    with pytest.raises(RetryableError):
        stand_in.provider.payments_of("1")


def test_a_token_that_is_not_taken_any_more_is_replaced(stand_in: StandInWorld) -> None:
    invoice = stand_in.provider.create_invoice(order())
    assert stand_in.provider.payments_of(invoice.id) == []
    refusal = '{"status":false,"statusCode":401,"code":"AUTH_REQUIRED","message":"expired"}'
    operation = OPERATIONS["payments_of"]
    stand_in.order("faults", operation=operation, kind="answer", status=401, body=refusal)
    with pytest.raises(RetryableError, match="token"):
        stand_in.provider.payments_of(invoice.id)
    assert stand_in.provider.payments_of(invoice.id) == []
    asked = [one["path"] for one in stand_in.http.get("/_sandbox/calls").json()]
    assert asked[-2:] == ["/v1/auth", "/v1/payment/"]


@pytest.mark.parametrize("login", [None, ("owner@example.org", "wrong-and-private")])
def test_without_a_good_login_there_is_no_list(
    stand_in_url: str, login: tuple[str, str] | None
) -> None:
    stranger = NowPayments(
        base_url=f"{stand_in_url}/v1",
        api_key=API_KEY,
        ipn_secret=IPN_SECRET,
        call_seconds=3,
        login=login,
    )
    with pytest.raises(PermanentError if login is None else RetryableError) as caught:
        stranger.payments_of("1")
    stranger.close()
    assert "private" not in f"{caught.value!r} {caught.value.__context__!r} {stranger!r}"


@pytest.mark.parametrize(
    ("lexeme", "cents"),
    [("9.99", 999), ("9.9949999999", 999), ("9.995", 1_000), ('"9.995"', 1_000), ("1e-7", 0)],
)
def test_cents_are_rounded_half_up(stand_in: StandInWorld, lexeme: str, cents: int) -> None:
    answer_estimate(stand_in, f'"usdterc20","currency_to":"usd","estimated_amount":{lexeme}')
    assert stand_in.provider.usd_cents(parse_amount("10", USDT)) == cents
    asked = stand_in.http.get("/_sandbox/calls").json()[-1]
    query = {"amount": "10", "currency_from": "usdterc20", "currency_to": "usd"}
    assert dict(parse_qsl(asked["query"])) == query


@pytest.mark.parametrize(
    "fields",
    [
        '"usdterc20","currency_to":"usd"',
        '"usdterc20","currency_to":"usd","estimated_amount":null',
        '"usdterc20","currency_to":"usd","estimated_amount":-1',
        '"usdterc20","currency_to":"usd","estimated_amount":"much"',
        '"usdterc20","currency_to":"eur","estimated_amount":1',
        '"eth","currency_to":"usd","estimated_amount":1',
    ],
)
def test_a_price_that_cannot_be_read_is_none(stand_in: StandInWorld, fields: str) -> None:
    answer_estimate(stand_in, fields)
    with pytest.raises(RetryableError):
        stand_in.provider.usd_cents(parse_amount("10", USDT))


def answer_estimate(stand_in: StandInWorld, rest: str) -> None:
    """Let the next estimate be this, from the value of `currency_from` on."""
    body = f'{{"amount_from":10,"currency_from":{rest}}}'
    operation = OPERATIONS["usd_cents"]
    stand_in.order("faults", operation=operation, kind="answer", status=200, body=body)


def test_a_wrong_key_is_refused_and_never_shown(stand_in_url: str) -> None:
    stranger = adapter(stand_in_url, api_key="wrong-and-private")
    with pytest.raises(PermanentError, match="INVALID_API_KEY") as caught:
        stranger.create_invoice(order())
    stranger.close()
    shown = f"{caught.value!r} {caught.value.__context__!r} {stranger!r}"
    assert "private" not in shown
    assert IPN_SECRET not in shown


def test_what_was_never_sent_has_not_happened() -> None:
    nobody = adapter(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(RetryableError):
        nobody.create_invoice(order())
    with pytest.raises(RetryableError):
        nobody.payment("1")
    nobody.close()


def test_a_slow_answer_is_not_waited_for(stand_in: StandInWorld, stand_in_url: str) -> None:
    for operation in OPERATIONS.values():
        stand_in.order("faults", operation=operation, kind="delay", seconds=0.5)
    hasty = NowPayments(
        base_url=f"{stand_in_url}/v1", api_key=API_KEY, ipn_secret=IPN_SECRET, call_seconds=0.1
    )
    with pytest.raises(UnknownOutcomeError):
        hasty.create_invoice(order())
    with pytest.raises(RetryableError):
        hasty.payment("1")
    hasty.close()


@pytest.mark.parametrize("broken", ["base_url", "api_key", "ipn_secret"])
def test_unusable_settings_are_refused(broken: str) -> None:
    good = {"base_url": "https://api.example/v1", "api_key": "a", "ipn_secret": "b"}
    for bad in ("", "  ", "hush\x00"):
        given = good | {broken: bad}
        with pytest.raises(ValueError, match=broken) as caught:
            NowPayments(
                base_url=given["base_url"],
                api_key=given["api_key"],
                ipn_secret=given["ipn_secret"],
                call_seconds=1,
            )
        assert "hush" not in str(caught.value)
