"""Whatever shows a balance shows the ledger's: every read model is compared, and none is left out.

The world has owners in every situation: paid at once, with money that waits, who collect with
something pending, held and paid; and payers with something of theirs.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from shared_lib import ports
from shared_lib.adapters.postgres.database import Connect
from shared_lib.domain.currency import asset_of
from shared_lib.domain.ledger import Account
from shared_lib.domain.money import ETH, USDT, Money, parse_amount
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.domain.statement import COLUMNS
from shared_lib.usecases.read_statement import read_statement
from shared_lib.usecases.request_payout import request_payout
from tests.fakes.chain import USDT_CONTRACT
from tests.integration.usecases.support import ANN, account_of, buy
from tests.integration.usecases.swap_support import BITCOIN, pass_minutes
from tests.sandbox.stack.plan import PROJECT
from tests.unit.test_messages import FACTS
from tests.world import Shop, World

TETHER = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)
OTHER_TETHER = PayoutTarget(USDT, "0x8617E340B3D01FA5F11F306F4090FD50E238070D", None)
# Base units by channel and asset.
Amounts = Counter[tuple[str, str]]


@pytest.fixture
def shops(connect: Connect) -> Iterator[tuple[World, list[Shop]]]:
    with closing(World(connect)) as world:
        world.set_policy(usdt_contract=USDT_CONTRACT)
        world.top_up()
        yield world, _played(world)


def _played(world: World) -> list[Shop]:
    """Owners paid directly and by swap, one with a batch and more held, and one who collects."""
    direct, swapped = world.open_shop(1), world.open_shop(2, target=BITCOIN)
    batched = world.open_shop(3, target=TETHER, threshold_cents=2_000)
    collecting = world.open_shop(4, target=OTHER_TETHER, threshold_cents=100_000)
    for number in range(3):
        buy(world, batched, ANN + number, "0.005", tier=1)
    for shop in (direct, swapped, collecting):
        buy(world, shop)
    pass_minutes(world, 40)
    buy(world, batched, ANN + 7)
    pass_minutes(world, 20)
    world.pay_part(world.order(ANN + 8, direct))
    for shop in (direct, swapped):
        world.fake_chain.base_fee = 10**12  # from now on nothing is worth its gas
        world.fake_chain.mine()
        buy(world, shop, ANN + 9)
    pass_minutes(world, 20)
    return [direct, swapped, batched, collecting]


# ---- what each of them says ----------------------------------------------------------------------


def ledger(world: World, account: Account) -> Amounts:
    """What the ledger says of each channel; our debts count as positive."""
    rows = world.rows(
        "SELECT channel_id::text AS channel, asset, -sum(amount) AS amount FROM ledger_entries "
        f"WHERE account = '{account.value}' AND channel_id IS NOT NULL GROUP BY 1, 2"
    )
    return Counter({(row["channel"], row["asset"]): int(row["amount"]) for row in rows})


def lines(world: World, shop: Shop) -> list[dict[str, str]]:
    statement = read_statement(world, account_of(world, shop), shop.channel_id)
    return [dict(zip(COLUMNS, line, strict=True)) for line in statement.lines]


def units(text: str, asset_id: str) -> int:
    return parse_amount(text, asset_of(asset_id)).base_units


def owed_by_statement(world: World, shop: Shop) -> Amounts:
    """Parts of payments, and what was left over, that no settled payout has carried away."""
    found: Amounts = Counter()
    for line in lines(world, shop):
        if line["kind"] not in ("payment", "left_over") or line["state"] in ("paid", "reversed"):
            continue
        is_held = line["state"] in ("held", "locked") and line["converted_amount"]
        coin = USDT.id if is_held else line["coin"]
        text = line["converted_amount"] if is_held else line["amount"]
        found[str(shop.channel_id), coin] += units(text, coin)
    return found


def paid_by_statement(world: World, shop: Shop) -> Amounts:
    """What settled payouts carried, less what they left over."""
    found: Amounts = Counter()
    settled = {
        line["id"]: line
        for line in lines(world, shop)
        if (line["kind"], line["state"]) == ("payout", "settled")
    }
    for line in settled.values():
        found[str(shop.channel_id), line["coin"]] += units(line["amount"], line["coin"])
    for line in lines(world, shop):
        if line["left_by"] in settled:
            found[str(shop.channel_id), line["coin"]] -= units(line["amount"], line["coin"])
    return found


def of_view(world: World, sql: str) -> Amounts:
    """A view's sums in whole USDT, by channel."""
    rows = world.rows(sql)
    return Counter(
        {(str(row["channel"]), USDT.id): int(Decimal(row["amount"]).scaleb(6)) for row in rows}
    )


def in_usdt(amounts: Amounts) -> Amounts:
    return Counter({key: amount for key, amount in amounts.items() if key[1] == USDT.id})


def test_the_world_has_something_of_everything(shops: tuple[World, list[Shop]]) -> None:
    world, _ = shops
    states = {row["state"] for row in world.rows("SELECT DISTINCT state FROM shares")}
    assert states >= {"pending", "held", "paid"}
    assert world.rows("SELECT id FROM payer_credits WHERE state = 'open'")
    assert len(in_usdt(ledger(world, Account.PAID_OUT))) == 1


def test_statements_say_what_the_ledger_owes_and_has_paid(shops: tuple[World, list[Shop]]) -> None:
    world, all_shops = shops
    owed: Amounts = sum((owed_by_statement(world, one) for one in all_shops), Counter())
    paid: Amounts = sum((paid_by_statement(world, one) for one in all_shops), Counter())
    assert +owed == +ledger(world, Account.OWNER_PAYABLE)
    assert +paid == +ledger(world, Account.PAID_OUT)


def test_what_is_held_is_what_the_ledger_owes_in_usdt(shops: tuple[World, list[Shop]]) -> None:
    """The maintained balance, the port, and what an owner hears who asks for it."""
    world, all_shops = shops
    owed = in_usdt(ledger(world, Account.OWNER_PAYABLE))
    assert owed
    kept = of_view(
        world, "SELECT channel_id AS channel, amount / 1000000.0 AS amount FROM held_balances"
    )
    assert +kept == +owed
    for shop in all_shops:
        key = (str(shop.channel_id), USDT.id)
        with world.real_database.transaction() as tx:
            assert tx.shares.held(shop.channel_id) == Money(owed[key], USDT)
        try:
            told = request_payout(world, account_of(world, shop), shop.channel_id)
        except ActionRefusedError:
            told = Money(0, USDT)
        assert told == Money(owed[key], USDT)


def test_the_views_of_what_is_collected_say_what_the_ledger_says(
    shops: tuple[World, list[Shop]],
) -> None:
    world, _ = shops
    held = of_view(
        world,
        "SELECT client_id AS channel, sum(accumulated_amount_usdt) AS amount "
        "FROM payout_accumulation WHERE NOT is_paid_out GROUP BY 1",
    )
    batches = of_view(
        world,
        "SELECT client_id AS channel, sum(total_amount_usdt) AS amount "
        "FROM payout_batches WHERE status = 'settled' GROUP BY 1",
    )
    assert +held == +in_usdt(ledger(world, Account.OWNER_PAYABLE))
    assert +batches == +in_usdt(ledger(world, Account.PAID_OUT))


def test_the_ports_balances_are_the_ledgers(shops: tuple[World, list[Shop]]) -> None:
    world, _ = shops
    with world.real_database.transaction() as tx:
        by_account: Counter[tuple[str, str]] = Counter()
        for one in tx.ledger.balances():
            by_account[one.account.value, one.amount.asset.id] += one.amount.base_units
        for account in Account:
            for asset in (ETH, USDT):
                told = tx.ledger.balance(account, asset).base_units
                assert told == by_account[account.value, asset.id], (account, asset)
    rows = world.rows(
        "SELECT account, asset, sum(amount) AS amount FROM ledger_entries GROUP BY 1, 2"
    )
    assert by_account == Counter(
        {(row["account"], row["asset"]): int(row["amount"]) for row in rows}
    )


def test_payers_credits_are_the_ledgers(shops: tuple[World, list[Shop]]) -> None:
    world, _ = shops
    [kept] = world.rows("SELECT sum(amount) AS amount FROM payer_credits WHERE state = 'open'")
    with world.real_database.transaction() as tx:
        assert tx.ledger.balance(Account.PAYER_CREDIT, ETH) == Money(-int(kept["amount"]), ETH)


# ---- and there are no others ---------------------------------------------------------------------

# Views that show a sum which is compared above; all others show single rows, or no money at all.
BALANCES = {"payout_accumulation", "payout_batches"}
DETAILS = {
    "currency_to_network_supported_mappings",
    "hostpay_transactions",
    "main_clients_database",
    "private_channel_users_database",
    "split_payout_que",
    "split_payout_request",
}
# Methods of the database's ports that answer with money, by protocol.
COMPARED = {("Shares", "held"), ("Ledger", "balance"), ("Ledger", "balances")}


def test_no_view_is_left_out() -> None:
    assert {one.stem for one in (PROJECT / "sql/views").glob("*.sql")} == BALANCES | DETAILS


def test_no_port_of_the_database_is_left_out() -> None:
    repositories = inspect.get_annotations(ports.Transaction)
    answers = {
        (protocol.__name__, name)
        for protocol in repositories.values()
        for name, method in vars(protocol).items()
        if _answers_with_money(method)
    }
    assert answers == COMPARED


def _answers_with_money(method: Callable[..., Any] | Any) -> bool:
    if not inspect.isfunction(method):
        return False
    answer = str(inspect.signature(method).return_annotation)
    return any(word in answer for word in ("money.Money", "ledger.Balance"))


def test_no_message_shows_a_balance() -> None:
    shown = {name for facts in FACTS.values() for name in facts}
    assert not shown & {"amount", "balance", "held", "owed", "paid_out"}
