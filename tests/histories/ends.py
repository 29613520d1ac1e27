"""How a history ends: the faults stop, time passes, and all money is accounted for."""

from datetime import datetime, timedelta
from itertools import count

from shared_lib.domain.money import ETH, InvalidAmountError, parse_amount
from shared_lib.events import ReconcileTick
from tests.fakes.swaps import FakeExchange
from tests.histories import owners
from tests.histories.checks import Checks, channel_of_address, paid_by_channel
from tests.histories.deliveries import deliver, due
from tests.histories.machine import Machine, Sale
from tests.histories.outside import CALLS, OVER, calm, failures_of, funded
from tests.histories.people import UNDER_WAY
from tests.invariants import read
from tests.world import CONFIRMATIONS, ETHER

SHORTEST_JUMP, GROWTH = timedelta(minutes=1), 1.05
LONGEST_JUMP = timedelta(hours=2)
DAYS_MOST = 45
# What was shown to a person while the faults went on is looked at again this long.
PATIENCE = timedelta(hours=30)
ASKED_MOST = 3
# A payout below this may wait for company: neither gas nor a swap is worth it.
SMALL = 10**15

_TELLS = "EXISTS (SELECT FROM review_items i WHERE i.closed_at IS NULL AND i.subject_id ="


def _stands(table: str, states: str, payout_id: str) -> str:
    """Rows of a payout about which nobody is told, neither by it nor by its swaps or transfers."""
    return f"""
        SELECT id, state FROM {table} WHERE {states} AND NOT {_TELLS} {payout_id}::text)
        AND NOT EXISTS (SELECT FROM swaps s WHERE s.payout_id = {payout_id}
                        AND {_TELLS} s.id::text))
        AND NOT EXISTS (SELECT FROM transfers t WHERE t.payout_id = {payout_id}
                        AND {_TELLS} t.id::text))"""


_BUSY = {
    "payments": f"""
        SELECT id FROM payments WHERE next_check_at IS NOT NULL
        AND NOT {_TELLS} payments.id::text)""",
    "news": "SELECT id FROM payments WHERE news_at IS NOT NULL",
    "invites": "SELECT id FROM invites WHERE state = 'creating'",
    "join requests": "SELECT id FROM join_requests WHERE state = 'pending'",
    "notices": "SELECT id FROM notices WHERE state = 'pending'",
    "outbox": "SELECT id FROM outbox",
    "swaps": _stands("swaps", "next_check_at IS NOT NULL", "swaps.payout_id"),
    "transfers": _stands("transfers", "next_check_at IS NOT NULL", "transfers.payout_id"),
    "payouts": _stands("payouts", "state IN ('forming', 'swapping', 'sending')", "payouts.id"),
    # What is too little waits for company; what is behind a payout in review waits for a person.
    "shares": f"""
        SELECT channel_id, sum(amount) AS amount FROM shares WHERE state = 'pending'
        AND NOT EXISTS (SELECT FROM payouts o WHERE o.channel_id = shares.channel_id
                        AND o.state = 'review' AND o.funded_at IS NULL)
        GROUP BY channel_id HAVING sum(amount) >= {SMALL}""",
}
_WATCHED = """
SELECT (SELECT count(*) FROM payments WHERE next_check_at IS NOT NULL)
     + (SELECT count(*) FROM swaps WHERE next_check_at IS NOT NULL)
     + (SELECT count(*) FROM transfers WHERE next_check_at IS NOT NULL)
     + (SELECT count(*) FROM payouts WHERE state IN ('forming', 'swapping', 'sending')) AS number
"""
_NEXT = """
SELECT min(next_check_at) AS moment FROM (
    SELECT next_check_at FROM payments UNION ALL SELECT next_check_at FROM invites
    WHERE state = 'creating' UNION ALL SELECT next_check_at FROM join_requests
    UNION ALL SELECT next_check_at FROM notices UNION ALL SELECT next_check_at FROM shares
    UNION ALL SELECT next_check_at FROM payouts UNION ALL SELECT next_check_at FROM swaps
    UNION ALL SELECT next_check_at FROM transfers) AS watched
"""


def let_all_end(machine: Machine, checks: Checks) -> None:
    """Everything comes to rest, or is shown to a person; then nothing is missing."""
    stop_the_faults(machine)
    settle_the_outside(machine)
    _pass_time(machine)
    checks.after_step()
    assert_accounted_for(machine)


# ---- no more faults ------------------------------------------------------------------------------


def stop_the_faults(machine: Machine) -> None:
    """Nothing fails any more, and nothing is forbidden."""
    world, chain = machine.world, machine.world.fake_chain
    for whose in CALLS:
        failures_of(machine, whose).clear()
    chain.down, chain.lag, chain.retry_after_seconds, chain.base_fee = False, 0, 0, 10**9
    chain._lost, chain._refused, chain._hide = [], [], 0
    chain.reverting.clear()
    chain.release()
    calm(machine)
    world.fake_swaps._alterations = {}
    owners.allow_sends(world)
    owners.restore_policy(machine)
    for person in world.fake_messenger.people.values():
        person.has_blocked = False


def settle_the_outside(machine: Machine) -> None:
    """Whoever has something left to do does it: the payers, the provider, Telegram, an operator."""
    world = machine.world
    world.fake_chain.mine(2 * CONFIRMATIONS)
    world.top_up(ETHER)
    for sale in machine.sales:
        _settle_payment(machine, sale)
    for _ in range(ASKED_MOST):
        world.clock.pass_time(2 * world.policy.lease_seconds)
        repeats, machine.repeats = machine.repeats, []
        for act in repeats:
            machine.request(act, dies=False)
    assert not machine.repeats, "something is never answered"


def _settle_payment(machine: Machine, sale: Sale) -> None:
    """The provider's last word; nobody is called back, so that it has to be asked for."""
    provider = machine.world.fake_provider
    status = provider.payments[sale.payment_id]["payment_status"]
    if sale.is_finished and status != "refunded":
        provider.set_status(sale.payment_id, "finished")
    elif status in (*UNDER_WAY, "a_new_word"):
        provider.set_status(sale.payment_id, "expired")


def _settle_exchanges(machine: Machine) -> None:
    """What has its deposit ends; of finished ones the amount is told."""
    swaps = machine.world.fake_swaps
    for one in funded(machine):
        _end(machine, one)
    for one in swaps.exchanges.values():
        if one.status == "finished" and one.bought is None:
            one.bought = one.promised


def _end(machine: Machine, one: FakeExchange) -> None:
    if one.payout_hash is not None or machine.chance(80):
        machine.world.fake_swaps.finish(one.echo.id)
    else:
        machine.world.fake_swaps.refund(one.echo.id)


# ---- time ----------------------------------------------------------------------------------------


def _pass_time(machine: Machine) -> None:
    """From one moment when something is due to the next, until nothing is."""
    world = machine.world
    began = world.clock.now()
    for jumps in count():
        _settle_exchanges(machine)
        _drain(machine)
        passed = world.clock.now() - began
        busy = {name: rows for name, rows in read(world, _BUSY).items() if rows}
        if not busy and not world.queue and (passed > PATIENCE or not _is_watched(machine)):
            return
        assert passed < timedelta(days=DAYS_MOST), f"busy after {DAYS_MOST} days: {busy}"
        _jump(machine, min(SHORTEST_JUMP * GROWTH**jumps, LONGEST_JUMP))
        world.fake_chain.mine(CONFIRMATIONS)
        deliver(machine, ReconcileTick())


def _is_watched(machine: Machine) -> bool:
    """Whether something goes on that a person was told about."""
    [row] = machine.world.kept_rows(_WATCHED)
    return bool(row["number"])


def _drain(machine: Machine) -> None:
    for _ in range(2_000):
        waiting = due(machine)
        if not waiting:
            return
        machine.world.queue.remove(waiting[0])
        deliver(machine, waiting[0].event)
    raise AssertionError("events beget events without end")


def _jump(machine: Machine, least: timedelta) -> None:
    """To the next moment at which anything is due, by steps that grow."""
    clock = machine.world.clock
    [row] = machine.world.kept_rows(_NEXT)
    moments = [one.not_before for one in machine.world.queue]
    due_at: datetime | None = row["moment"]
    nearest = min([*moments, *([due_at] if due_at else [])], default=clock.now())
    jump = max(min(nearest - clock.now(), LONGEST_JUMP), least)
    clock.pass_time(jump.total_seconds())


# ---- accounts ------------------------------------------------------------------------------------

_ACCOUNTS = {
    "owned": """
        SELECT o.channel_id AS channel, sum(p.received - p.fee) AS amount
        FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.received IS NOT NULL
        AND NOT EXISTS (SELECT FROM ledger_transactions t
                        WHERE t.kind = 'reversed' AND t.subject_id = p.id::text)
        GROUP BY o.channel_id""",
    "owed": """
        SELECT channel_id AS channel, sum(amount) AS amount FROM shares
        WHERE state NOT IN ('paid', 'reversed') GROUP BY channel_id""",
    "in flight": """
        SELECT coalesce(sum(amount), 0) AS amount FROM ledger_entries
        WHERE account = 'in_flight'""",
    "flying": """
        SELECT coalesce(sum(amount), 0) AS amount FROM transfers
        WHERE state IN ('sent', 'mined') AND NOT fills_nonce""",
    "funded": """
        SELECT coalesce(sum(sold), 0) AS amount FROM swaps s WHERE s.state = 'funded'
        AND EXISTS (SELECT FROM transfers t WHERE t.swap_id = s.id AND t.state = 'confirmed')""",
    "received": "SELECT provider_payment_id AS id, received FROM payments WHERE received > 0",
}


def assert_accounted_for(machine: Machine) -> None:
    """Each channel's money: owned = settled + lost in sight + still owed, to the wei.

    Only what was received is taken from our books. What was settled is what stands at the owners'
    addresses and at the pay-ins of exchanges that finished; what was lost is what the provider did
    not give back.
    """
    found = read(machine.world, _ACCOUNTS)
    owned = {str(row["channel"]): int(row["amount"]) for row in found["owned"]}
    owed = {str(row["channel"]): int(row["amount"]) for row in found["owed"]}
    for shop in machine.shops:
        channel = str(shop.channel_id)
        settled, lost = _settled(machine, channel), _lost(machine, channel)
        accounted = settled + lost + owed.get(channel, 0)
        assert owned.get(channel, 0) == accounted, (
            f"channel {channel} owns {owned.get(channel, 0)}: {settled} settled, {lost} lost, "
            f"{owed.get(channel, 0)} owed"
        )
    in_flight, flying, funded_now = (
        int(found[name][0]["amount"]) for name in ("in flight", "flying", "funded")
    )
    assert in_flight == flying + funded_now, f"{in_flight} in flight, {flying} + {funded_now} known"
    _assert_received_as_announced(machine, found["received"])


def _settled(machine: Machine, channel: str) -> int:
    """What reached a channel's owner."""
    under_way = sum(
        machine.world.fake_chain.held(one.payin_address)
        for one in _exchanges(machine, channel)
        if one.status not in OVER
    )
    return paid_by_channel(machine)[channel] - under_way


def _lost(machine: Machine, channel: str) -> int:
    """What refunds lacked."""
    chain, wallet = machine.world.fake_chain, machine.world.policy.host_wallet
    refunded = [one for one in _exchanges(machine, channel) if one.status == "refunded"]
    return sum(
        max(0, one.sold.base_units - chain.received(wallet)[one.refund_hash or ""])
        for one in refunded
    )


def _exchanges(machine: Machine, channel: str) -> list[FakeExchange]:
    owner_of = channel_of_address(machine)
    return [
        one
        for one in machine.world.fake_swaps.exchanges.values()
        if owner_of[one.order.target.address, one.order.target.memo] == channel
    ]


def _assert_received_as_announced(machine: Machine, rows: list[dict[str, object]]) -> None:
    """Nobody was credited anything but what the provider said of a payment that finished."""
    announced = {sale.payment_id: sale.announced for sale in machine.sales}
    for row in rows:
        amounts = set()
        for text in announced[str(row["id"])]:
            try:
                amounts.add(parse_amount(text, ETH).base_units)
            except InvalidAmountError:
                continue
        assert int(str(row["received"])) in amounts, f"{row} was never announced: {amounts}"
