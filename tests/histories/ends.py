"""How a history ends: the faults stop, time passes, and all money is accounted for."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import count

from shared_lib.domain.money import ETH, USDT, Asset, InvalidAmountError, parse_amount
from shared_lib.domain.update import AskToJoin, LeaveChat
from shared_lib.domain.why import Explained, Viewer
from shared_lib.events import (
    BatchPayoutsTick,
    BroadcastOffersTick,
    ExpireSubscriptionsTick,
    ReconcileTick,
)
from shared_lib.usecases.explain import explain
from tests.fakes.swaps import FakeExchange
from tests.histories import owners
from tests.histories.checks import Checks, channel_of_address, paid_by_channel, payee_of
from tests.histories.deliveries import deliver, due
from tests.histories.machine import Machine, Sale
from tests.histories.outside import CALLS, OVER, calm, failures_of, funded, is_refunded
from tests.histories.people import UNDER_WAY
from tests.invariants import Found, read
from tests.world import CONFIRMATIONS, ETHER

SHORTEST_JUMP, GROWTH = timedelta(minutes=1), 1.05
LONGEST_JUMP = timedelta(hours=2)
DAYS_MOST = 45
# What was shown to a person while the faults went on is looked at again this long.
PATIENCE = timedelta(hours=30)
ASKED_MOST = 3
# A payout below this may wait for company: neither gas nor a swap is worth it.
SMALL = 10**15
SMALL_DOLLARS = 15 * 10**6

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
    "parts": "SELECT payment_id FROM payer_credits WHERE state = 'taken'",
    "news": "SELECT id FROM payments WHERE news_at IS NOT NULL",
    "invites": "SELECT id FROM invites WHERE state = 'creating'",
    # While the bot lacks a right, or so many are to go that a person is asked, people stay inside.
    "members": f"""
        SELECT m.id FROM memberships m WHERE m.state IN ('removing', 'ended', 'blocked')
        AND m.next_check_at IS NOT NULL AND NOT {_TELLS} m.id::text)
        AND NOT {_TELLS} m.channel_id::text)""",
    "join requests": "SELECT id FROM join_requests WHERE state = 'pending'",
    "notices": "SELECT id FROM notices WHERE state = 'pending'",
    "outbox": "SELECT id FROM outbox",
    "swaps": _stands("swaps", "next_check_at IS NOT NULL", "swaps.payout_id"),
    "transfers": _stands("transfers", "next_check_at IS NOT NULL", "transfers.payout_id"),
    "payouts": _stands("payouts", "state IN ('forming', 'swapping', 'sending')", "payouts.id"),
    # What is too little waits for company; what is behind a payout in review, or for a wallet that
    # is frozen, waits for a person.
    "shares": f"""
        SELECT channel_id, sum(amount) AS amount FROM shares WHERE state = 'pending'
        AND channel_id IN (SELECT id FROM channels WHERE strategy = 'instant')
        AND NOT EXISTS (SELECT FROM payouts o WHERE o.channel_id = shares.channel_id
                        AND o.asset = shares.asset
                        AND o.state = 'review' AND o.funded_at IS NULL)
        AND NOT EXISTS (SELECT FROM wallets WHERE frozen_because IS NOT NULL)
        GROUP BY channel_id HAVING sum(amount) >= {SMALL}""",
    "the pool": f"""
        SELECT sum(amount) AS amount FROM shares WHERE state = 'pending'
        AND channel_id IN (SELECT id FROM channels WHERE strategy = 'threshold')
        AND NOT EXISTS (SELECT FROM payouts o WHERE o.channel_id IS NULL
                        AND o.state = 'review' AND o.funded_at IS NULL)
        AND NOT EXISTS (SELECT FROM wallets WHERE frozen_because IS NOT NULL)
        HAVING sum(amount) >= {SMALL}""",
    "what is held": f"""
        SELECT h.channel_id, h.amount FROM held_balances h JOIN channels c ON c.id = h.channel_id
        WHERE h.amount >= coalesce(c.threshold_cents * 10000, {SMALL_DOLLARS})
        AND NOT EXISTS (SELECT FROM payouts o WHERE o.channel_id = c.id AND o.asset = h.asset
                        AND o.state = 'review' AND o.funded_at IS NULL)
        AND NOT EXISTS (SELECT FROM wallets WHERE frozen_because IS NOT NULL)""",
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
    checks.after_step()
    settle_the_outside(machine)
    _pass_time(machine)
    checks.after_step()
    found = read(machine.world, _ACCOUNTS)
    assert_accounted_for(machine, found)
    assert_answered(machine, found)
    assert_guarded(machine, found)
    assert_explained(machine)


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
    machine.is_stopped = False
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
    elif sale.is_part and status != "refunded":
        provider.set_status(sale.payment_id, "partially_paid")
    elif status in (*UNDER_WAY, "a_new_word"):
        provider.set_status(sale.payment_id, "expired")


def _settle_exchanges(machine: Machine) -> None:
    """What has its deposit ends; of finished ones the amount is told."""
    swaps = machine.world.fake_swaps
    for one in funded(machine):
        _end(machine, one)
    for name in sorted(machine.made_up_refunds):
        swaps.refund(name)
    machine.made_up_refunds.clear()
    for name in sorted(machine.made_up_payments):
        swaps.advance(name, "exchanging", payout_hash=None)
        swaps.finish(name)
    machine.made_up_payments.clear()
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
        _jump(machine, min(SHORTEST_JUMP * GROWTH ** min(jumps, 120), LONGEST_JUMP))
        world.fake_chain.mine(CONFIRMATIONS)
        deliver(machine, ReconcileTick())
        deliver(machine, ExpireSubscriptionsTick())
        deliver(machine, BatchPayoutsTick())
        deliver(machine, BroadcastOffersTick())


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
        SELECT channel_id AS channel, asset, sum(amount) AS amount FROM shares
        WHERE state NOT IN ('paid', 'reversed') GROUP BY channel_id, asset""",
    "converted": """
        SELECT s.channel_id AS channel, sum(l.weight) AS weight, sum(l.part) AS part
        FROM payout_shares l JOIN shares s ON s.id = l.share_id
        WHERE l.part IS NOT NULL GROUP BY s.channel_id""",
    "lost in a pool": """
        SELECT e.channel_id AS channel, sum(e.amount) AS amount FROM ledger_entries e
        JOIN ledger_transactions t ON t.id = e.transaction_id AND t.kind = 'refund_seen'
        JOIN swaps w ON w.id::text = t.subject_id
        JOIN payouts o ON o.id = w.payout_id AND o.channel_id IS NULL
        WHERE e.account = 'owner_payable' GROUP BY e.channel_id""",
    "in flight": """
        SELECT asset, sum(amount) AS amount FROM ledger_entries
        WHERE account = 'in_flight' GROUP BY asset""",
    "flying": """
        SELECT asset, sum(amount) AS amount FROM transfers
        WHERE state IN ('sent', 'mined') AND NOT fills_nonce GROUP BY asset""",
    "funded": """
        SELECT sold_asset AS asset, sum(sold) AS amount FROM swaps s WHERE s.state = 'funded'
        AND EXISTS (SELECT FROM transfers t WHERE t.swap_id = s.id AND t.state = 'confirmed')
        GROUP BY sold_asset""",
    "received": "SELECT provider_payment_id AS id, received, fee FROM payments WHERE received > 0",
    "said": """
        SELECT split_part(key, ':', 3) AS number FROM notices WHERE key LIKE '%:telegram:%'""",
    "asked to join": "SELECT chat_id, telegram_user_id AS user_id FROM join_requests",
    "frozen": "SELECT address FROM wallets WHERE frozen_because IS NOT NULL",
    "taken for something else": """
        SELECT hash FROM incoming_transactions WHERE kind <> 'refund_seen'""",
    "signed at": "SELECT created_at FROM transfer_attempts WHERE kind = 'send'",
}


def assert_accounted_for(machine: Machine, found: Found) -> None:
    """Each channel's money: owned = settled + lost in sight + converted + still owed, to the unit.

    What was received, converted, and lost by a conversion is taken from our books. What was settled
    is what stands at the owners' addresses and at the pay-ins of exchanges that finished; what was
    lost otherwise is what the provider did not give back.
    """
    owned = {str(row["channel"]): int(row["amount"]) for row in found["owned"]}
    weights = {str(row["channel"]): int(row["weight"]) for row in found["converted"]}
    parts = {str(row["channel"]): int(row["part"]) for row in found["converted"]}
    in_pools = {str(row["channel"]): int(row["amount"]) for row in found["lost in a pool"]}
    owed = {(str(row["channel"]), row["asset"]): int(row["amount"]) for row in found["owed"]}
    taken = {str(row["hash"]) for row in found["taken for something else"]}
    for channel in (str(shop.channel_id) for shop in machine.shops):
        gone = {ETH: weights.get(channel, 0) + in_pools.get(channel, 0), USDT: 0}
        for coin, whole in ((ETH, owned.get(channel, 0)), (USDT, parts.get(channel, 0))):
            settled = _settled(machine, channel, coin)
            lost = _lost(_exchanges(machine, channel, coin), machine, taken)
            left = owed.get((channel, coin.id), 0)
            assert whole == settled + lost + gone[coin] + left, (
                f"channel {channel} owns {whole} {coin.ticker}: {settled} settled, {lost} lost, "
                f"{gone[coin]} converted, {left} owed"
            )
    _assert_pools_accounted_for(machine, sum(weights.values()), sum(in_pools.values()), taken)
    _assert_nothing_else_in_flight(found)
    _assert_received_as_announced(machine, found["received"])
    _assert_fees_as_agreed(machine, found["received"])


def _assert_nothing_else_in_flight(found: Found) -> None:
    in_flight, flying, funded_now = (
        Counter({str(row["asset"]): int(row["amount"]) for row in found[name]})
        for name in ("in flight", "flying", "funded")
    )
    known = flying + funded_now
    assert +in_flight == +known, f"{in_flight} in flight, {known} known"


def _assert_pools_accounted_for(machine: Machine, weight: int, loss: int, taken: set[str]) -> None:
    """What owners gave to conversions, and lost by them, is what stands at their pay-ins."""
    pools = _pools(machine)
    kept = sum(
        machine.world.fake_chain.held(one.payin_address)
        for one in pools
        if one.status == "finished"
    )
    assert weight == kept, f"{weight} wei are converted, {kept} are with the provider for it"
    lost = _lost(pools, machine, taken)
    assert loss == lost, f"{loss} wei are booked as lost by conversions, {lost} are"


def _settled(machine: Machine, channel: str, coin: Asset) -> int:
    """What reached a channel's owner, of what was sent for it in this coin."""
    under_way = sum(
        machine.world.fake_chain.held(one.payin_address, coin)
        for one in _exchanges(machine, channel, coin)
        if one.status not in OVER
    )
    return paid_by_channel(machine, coin)[channel] - under_way


def _lost(exchanges: list[FakeExchange], machine: Machine, taken: set[str]) -> int:
    """What refunds lacked; one that was taken for somebody's deposit is for a person to see."""
    chain, wallet = machine.world.fake_chain, machine.world.policy.host_wallet
    refunded = [
        one for one in exchanges if is_refunded(machine, one) and one.refund_hash not in taken
    ]
    return sum(
        max(0, one.sold.base_units - chain.received(wallet, one.sold.asset)[one.refund_hash or ""])
        for one in refunded
    )


def _exchanges(machine: Machine, channel: str, coin: Asset) -> list[FakeExchange]:
    """Those that pay a channel's owner, out of this coin."""
    owner_of = channel_of_address(machine)
    return [
        one
        for one in machine.world.fake_swaps.exchanges.values()
        if one.sold.asset == coin and owner_of.get(payee_of(one)) == channel
    ]


def _pools(machine: Machine) -> list[FakeExchange]:
    """Those that pay ourselves."""
    wallet = machine.world.policy.host_wallet
    exchanges = machine.world.fake_swaps.exchanges.values()
    return [one for one in exchanges if one.order.target.address == wallet]


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


def _assert_fees_as_agreed(machine: Machine, rows: list[dict[str, object]]) -> None:
    """Of each payment we kept one of the fees of the time, rounded up; counted here anew."""
    for row in rows:
        received = int(str(row["received"]))
        agreed = {-(-received * bps // 10_000) for bps in machine.fees_bps}
        assert int(str(row["fee"])) in agreed, f"{row} has none of the fees {agreed}"


# ---- people, and a thief -------------------------------------------------------------------------


def assert_answered(machine: Machine, found: Found) -> None:
    """Whatever was asked of the bot was answered, or stored to be answered.

    Who leaves a chat asks nothing.
    """
    said = {row["number"] for row in found["said"]}
    stored = {(row["chat_id"], row["user_id"]) for row in found["asked to join"]}
    for one in machine.asked:
        if isinstance(one.intent, LeaveChat):
            continue
        is_to_join = isinstance(one.intent, AskToJoin)
        key = (one.intent.chat_id, one.user_id) if isinstance(one.intent, AskToJoin) else None
        is_answered = key in stored if is_to_join else str(one.number) in said
        assert is_answered, f"{one} was not answered"


def assert_guarded(machine: Machine, found: Found) -> None:
    """After somebody else used our key, the first look at the wallet freezes it."""
    for tx_hash, used_at in machine.foreign.items():
        is_mined = machine.world.fake_chain.executed(tx_hash) is not None
        later = [row for row in found["signed at"] if _moment(row["created_at"]) > used_at]
        assert not (is_mined and later) or found["frozen"], f"{tx_hash} froze nothing"


def assert_explained(machine: Machine) -> None:
    """Whatever there is can say why it stands where it stands, and what comes next."""
    for kind in Explained:
        for row in machine.world.rows(f"SELECT id FROM {kind.value}s"):
            answer = explain(machine.world, Viewer(is_operator=True), kind, row["id"])
            assert answer.because, f"{kind.value} {row['id']} stands there for no reason"
            assert answer.next, f"{kind.value} {row['id']} does not know what is next"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
