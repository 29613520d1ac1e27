"""A channel's statement: where each payment went, and that nothing can be changed in it unseen."""

import csv
import importlib.util
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_lib.adapters.ed25519 import Ed25519Signer
from shared_lib.domain.money import USDT, Money
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.domain.statement import COLUMNS, Sealed, Statement, as_csv, as_json, seal
from shared_lib.usecases.read_statement import read_statement
from tests.integration.usecases.support import ANN, account_of, buy, stop_before
from tests.integration.usecases.swap_support import BITCOIN, pass_minutes
from tests.world import Shop, World

VERIFIER = Path(__file__).resolve().parents[3] / "docs/verify_statement.py"
SIGNER = Ed25519Signer(bytes(range(32)))
TETHER = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)


def _verifier() -> ModuleType:
    """The published file, loaded as it is."""
    spec = importlib.util.spec_from_file_location("verify_statement", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = _verifier()


def sealed(world: World, shop: Shop) -> Sealed:
    """The statement as the owner gets it."""
    statement = read_statement(world, account_of(world, shop), shop.channel_id)
    return seal(statement, SIGNER.public_key, SIGNER.sign)


def lines(one: Sealed) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(as_json(one))["lines"]
    return found


def play_direct(world: World) -> Shop:
    world.top_up()
    shop = world.open_shop()
    for buyer in range(2):
        buy(world, shop, ANN + buyer)
        world.run()
    return shop


def play_swapped(world: World) -> Shop:
    world.top_up()
    shop = world.open_shop(target=BITCOIN)
    buy(world, shop, ANN, "0.002500001234567")
    world.run()
    return shop


def play_collected(world: World) -> Shop:
    """Three payments in two conversions with others' money, and one batch."""
    world.top_up()
    shop = world.open_shop(target=TETHER, threshold_cents=2_000)
    other = world.open_shop(2, target=TETHER, threshold_cents=9_000)
    buy(world, shop, ANN, "0.002500001234567")
    world.run()
    buy(world, shop, ANN + 1)
    buy(world, other, ANN + 2)
    buy(world, shop, ANN + 3)
    world.run()
    pass_minutes(world, 15)
    world.run()
    return shop


PLAYS = [play_direct, play_swapped, play_collected]


# ---- what it says --------------------------------------------------------------------------------


@pytest.mark.parametrize("play", PLAYS)
def test_it_is_valid_in_both_forms_for_whoever_has_only_the_verifier(
    world: World, play: Any, tmp_path: Path
) -> None:
    one = sealed(world, play(world))
    for text, name in ((as_json(one), "statement.json"), (as_csv(one), "statement.csv")):
        file = tmp_path / name
        file.write_text(text, newline="")
        done = subprocess.run(
            [sys.executable, "-I", VERIFIER, file, "--key", SIGNER.public_key],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"valid: {len(one.hashes)} lines, signed by ")


def test_a_direct_payment_is_followed_to_its_transaction(world: World) -> None:
    shop = play_direct(world)
    found = lines(sealed(world, shop))
    assert [line["kind"] for line in found] == ["payment", "payout", "payment", "payout"]
    payment, payout = found[:2]
    assert (payment["price_usd"], payment["state"]) == ("9.99", "paid")
    assert (payment["received"], payment["our_fee"]) == ("0.0025", "0.000375")
    assert (payment["amount"], payment["coin"]) == ("0.002125", "eth:eth")
    assert payment["carried_by"] == payout["id"]
    assert (payout["amount"], payout["arrived"], payout["state"]) == (
        "0.002125",
        "0.002125",
        "settled",
    )
    amount = Money(2_125 * 10**12, world.policy.settlement_asset)
    wallet = world.policy.host_wallet
    assert world.fake_chain.moved(payout["sent_hash"], wallet, shop.destination, amount)


def test_a_swapped_payment_shows_quote_spread_and_what_is_left_over(world: World) -> None:
    found = lines(sealed(world, play_swapped(world)))
    [left_over] = [line for line in found if line["kind"] == "left_over"]
    [payout] = [line for line in found if line["kind"] == "payout"]
    [exchange] = world.fake_swaps.exchanges.values()
    assert left_over["left_by"] == payout["id"]
    assert 0 < Decimal(left_over["amount"]) < Decimal("0.00000001")
    assert (payout["exchange"], payout["arrived_coin"]) == (exchange.echo.id, "btc:btc")
    shown = Decimal(payout["arrived"]) + Decimal(payout["network_fee"]) + Decimal(payout["spread"])
    assert shown == Decimal(payout["market_value"])
    assert payout["arrived_hash"] == exchange.payout_hash


def test_a_collected_payment_is_followed_through_its_conversion_into_the_batch(
    world: World,
) -> None:
    """Of a pool an owner sees their own part, and nothing of the others'."""
    found = lines(sealed(world, play_collected(world)))
    payments = [line for line in found if line["kind"] == "payment"]
    conversions = {line["id"]: line for line in found if line["kind"] == "conversion"}
    [batch] = [line for line in found if line["kind"] == "payout"]
    assert len(payments) == 3
    for payment in payments:
        conversion = conversions[payment["converted_by"]]
        assert conversion["arrived_coin"] == "usdt:eth"
        assert payment["carried_by"] == batch["id"]
    parts = sum(Decimal(line["converted_amount"]) for line in found if line["converted_by"])
    assert (
        parts
        == Decimal(batch["amount"])
        == sum(Decimal(one["arrived"]) for one in conversions.values())
    )
    for conversion in conversions.values():
        told = [Decimal(conversion[name]) for name in ("arrived", "network_fee", "spread")]
        assert sum(told) == Decimal(conversion["market_value"])


def test_what_the_provider_took_is_shown_as_it_said(world: World) -> None:
    world.top_up()
    shop = world.open_shop()
    fees = {"currency": "eth", "depositFee": 0.00001, "serviceFee": "0.0000125", "withdrawalFee": 0}
    world.finish(world.order(ANN, shop), fee=fees, actually_paid=9.99, pay_currency="usdttrc20")
    world.run()
    payment = lines(sealed(world, shop))[0]
    assert (payment["provider_fee_coin"], payment["paid_coin"]) == ("eth", "usdttrc20")
    assert Decimal(payment["provider_fee"]) == Decimal("0.0000225")
    assert Decimal(payment["paid"]) == Decimal("9.99")


def test_money_on_its_way_is_in_it_with_its_state(world: World) -> None:
    world.top_up()
    shop = world.open_shop()
    buy(world, shop)
    stop_before(world, "transfer.check_due")
    one = sealed(world, shop)
    assert [(line["kind"], line["state"]) for line in lines(one)] == [
        ("payment", "locked"),
        ("payout", "sending"),
    ]
    assert verifier.verify(as_json(one))[0] == 2


def test_a_channel_without_payments_has_an_empty_statement(world: World) -> None:
    one = sealed(world, world.open_shop())
    assert verifier.verify(as_json(one)) == verifier.verify(as_csv(one)) == (0, SIGNER.public_key)


def test_an_owner_gets_the_statements_of_their_own_channels_only(world: World) -> None:
    shop, other = world.open_shop(), world.open_shop(2)
    for account_id, channel_id in (
        (account_of(world, other), shop.channel_id),
        (account_of(world, shop), other.channel_id),
        (account_of(world, shop), uuid4()),
    ):
        with pytest.raises(ActionRefusedError, match="there is no such channel"):
            read_statement(world, account_id, channel_id)


# ---- what cannot be done to it -------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> Sealed:
    """Five payments that were carried by one payout."""

    def line(**texts: str) -> tuple[str, ...]:
        return tuple(texts.get(name, "") for name in COLUMNS)

    payments = [
        line(
            kind="payment",
            id=str(number),
            received="0.0025",
            our_fee="0.000375",
            amount="0.002125",
            coin="eth:eth",
            carried_by="p",
        )
        for number in range(5)
    ]
    payout = line(kind="payout", id="p", state="settled", amount="0.010625", coin="eth:eth")
    when = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
    statement = Statement(UUID(int=7), when, (*payments, payout))
    return seal(statement, SIGNER.public_key, SIGNER.sign)


def refused(text: str) -> str:
    """Why the verifier does not take it."""
    with pytest.raises(verifier.InvalidStatementError) as caught:
        verifier.verify(text)
    return str(caught.value)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_one_changed_byte_shows_wherever_it_is(example: Sealed, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([as_json(example), as_csv(example)]))
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.characters(min_codepoint=32, max_codepoint=126).filter(lambda one: one != text[place])
    )
    assert refused(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize("number", range(6))
def test_a_line_that_was_taken_out_shows(example: Sealed, number: int) -> None:
    document = json.loads(as_json(example))
    del document["lines"][number]
    assert refused(json.dumps(document, indent=1) + "\n")
    rows = list(csv.reader(io.StringIO(as_csv(example))))
    del rows[1 + number]
    assert refused("".join(",".join(row) + "\n" for row in rows))


def test_two_lines_in_another_order_show(example: Sealed) -> None:
    document = json.loads(as_json(example))
    document["lines"][1:3] = reversed(document["lines"][1:3])
    assert refused(json.dumps(document, indent=1) + "\n").startswith("line 2 was changed, moved")


def test_an_end_that_was_cut_off_shows(example: Sealed) -> None:
    rows = as_csv(example).splitlines(keepends=True)
    assert refused("".join(rows[:-1])) == "the head is missing: something was cut off at the end"
    assert "were signed, and here are" in refused("".join([*rows[:-2], rows[-1]]))


def test_whoever_forges_the_whole_chain_cannot_sign_it(example: Sealed) -> None:
    """Every hash is right, and the signature is the old one, or somebody else's."""
    changed = (*example.statement.lines[:-1], example.statement.lines[-1])
    shorter = Statement(example.statement.channel_id, example.statement.as_of, changed[1:])
    forged = seal(shorter, SIGNER.public_key, lambda _: bytes.fromhex(example.signature))
    assert refused(as_json(forged)) == "the signature is not of this statement"
    thief = Ed25519Signer(bytes(32))
    signed = seal(shorter, thief.public_key, thief.sign)
    with pytest.raises(verifier.InvalidStatementError, match="signed by another key"):
        verifier.verify(as_json(signed), SIGNER.public_key)


def test_sums_that_are_wrong_show_though_they_are_signed(example: Sealed) -> None:
    shorter = Statement(
        example.statement.channel_id, example.statement.as_of, example.statement.lines[1:]
    )
    signed = seal(shorter, SIGNER.public_key, SIGNER.sign)
    assert refused(as_json(signed)) == "payout p is not the sum of its lines"


@settings(max_examples=25, deadline=None)
@given(
    seed=st.binary(min_size=32, max_size=32),
    message=st.binary(max_size=200),
    flip=st.integers(0, 511),
)
def test_the_verifiers_own_ed25519_agrees_with_a_library(
    seed: bytes, message: bytes, flip: int
) -> None:
    signer = Ed25519Signer(seed)
    public, signature = bytes.fromhex(signer.public_key), signer.sign(message)
    assert verifier.is_signed(public, message, signature)
    broken = bytearray(signature)
    broken[flip // 8] ^= 1 << flip % 8
    assert not verifier.is_signed(public, message, bytes(broken))
    assert not verifier.is_signed(public, message + b"x", signature)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "a,b\n", '{"lines": [], "head": {}}', "\x00"]
)
def test_what_is_no_statement_is_refused(text: str) -> None:
    assert refused(text)


def test_a_seed_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="has 32 bytes"):
        Ed25519Signer(b"short")
