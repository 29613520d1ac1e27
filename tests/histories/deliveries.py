"""How events reach their functions, and how time passes."""

from dataclasses import replace
from uuid import uuid5

from shared_lib.events import (
    BatchPayoutsTick,
    BroadcastOffersTick,
    Event,
    ExpireSubscriptionsTick,
    ReconcileTick,
)
from shared_lib.ports import DeadLetter
from shared_lib.usecases.record_dead_letter import record_dead_letter
from shared_lib.usecases.refresh_currencies import refresh_currencies
from tests.fakes.chain import FAUCET, GWEI
from tests.histories.machine import Machine, rule
from tests.histories.outside import finish_exchanges
from tests.histories.turns import Turns
from tests.world import CONFIRMATIONS, Pushed

LAST_POINT = 14
_ABOUT_MONEY = ("payment", "payout", "pool", "swap", "transfer")
BUSY_WHILE = 12
# Most rows are looked at again a minute after a failure, or 3 minutes after they were published.
PAUSES = (60, 60, 200, 400)
HOUR = 3_600


def due(machine: Machine) -> list[Pushed]:
    """What may be delivered now, oldest first."""
    now = machine.world.clock.now()
    return [one for one in machine.world.queue if one.not_before <= now]


def deliver(machine: Machine, event: Event, die_at: int | None = None) -> None:
    """Push one event to its function."""
    machine.seen.append(event)
    if not machine.world.deliver(event, die_at):
        machine.strike("death" if die_at is not None else "lease held")


def _key(pushed: Pushed) -> str:
    return _name(pushed.event)


def _name(event: Event) -> str:
    return f"{event.type} {event.entity_id}"


def _take(machine: Machine, *, in_order: bool) -> Event | None:
    """An event off the queue."""
    waiting = due(machine)
    if not waiting:
        return None
    taken = waiting[0] if in_order else machine.pick(waiting, _key)
    machine.world.queue.remove(taken)
    return taken.event


@rule(22)
def deliver_the_next(machine: Machine) -> bool:
    event = _take(machine, in_order=True)
    if event is None:
        return False
    deliver(machine, event)
    return True


@rule(10)
def deliver_some(machine: Machine) -> bool:
    """A few at a stretch."""
    for _ in range(machine.dice.randint(2, 5)):
        event = _take(machine, in_order=True)
        if event is None:
            return False
        deliver(machine, event)
    return True


@rule(45)
def follow_an_event(machine: Machine) -> bool:
    """An event, one of those that it published, one of those that this one published, and so on."""
    waiting = due(machine)
    about_money = [one for one in waiting if one.event.type.startswith(_ABOUT_MONEY)]
    among = about_money if about_money and machine.chance(70) else waiting
    if not among:
        return False
    first = machine.pick(among, _key)
    machine.world.queue.remove(first)
    event = first.event
    for _ in range(machine.dice.randint(2, 7)):
        known = set(map(id, machine.world.queue))
        deliver(machine, event)
        published = [one for one in due(machine) if id(one) not in known]
        if not published:
            break
        next_one = machine.pick(published, _key)
        machine.world.queue.remove(next_one)
        event = next_one.event
    return True


@rule(15)
def deliver_out_of_order(machine: Machine) -> bool:
    if len(due(machine)) < 2:
        return False
    event = _take(machine, in_order=False)
    assert event is not None
    machine.strike("delivery out of order")
    deliver(machine, event)
    return True


@rule(5)
def deliver_again(machine: Machine) -> bool:
    """Something that was delivered before, now or long ago."""
    if not machine.seen:
        return False
    machine.strike("delivery repeated")
    deliver(machine, machine.pick(machine.seen, _name))
    return True


@rule(3, quiet=True)
def lose_a_message(machine: Machine) -> bool:
    if not machine.world.queue:
        return False
    machine.world.queue.remove(machine.pick(machine.world.queue, _key))
    machine.strike("message lost")
    return True


@rule(10)
def die(machine: Machine) -> bool:
    """The process is killed somewhere in a delivery; the message comes again."""
    event = _take(machine, in_order=False)
    if event is None:
        return False
    deliver(machine, event, machine.dice.randrange(LAST_POINT))
    return True


@rule(8)
def deliver_two_at_once(machine: Machine) -> bool:
    """The same event twice, or two that have to do with each other or not."""
    event = _take(machine, in_order=False)
    if event is None:
        return False
    other = event if machine.chance(60) else _take(machine, in_order=False) or event
    _at_once(machine, event, other, seconds=0)
    return True


@rule(4)
def outlast_the_lease(machine: Machine) -> bool:
    """A delivery is slow: its lease ends in the middle, and the message is pushed again."""
    event = _take(machine, in_order=False)
    if event is None:
        return False
    machine.strike("lease ended in the middle")
    _at_once(machine, event, event, seconds=machine.dice.choice((60, 140, 200, HOUR)))
    return True


def _at_once(machine: Machine, one: Event, other: Event, seconds: int) -> None:
    machine.strike("two deliveries at once")
    switches = [machine.dice.randint(1, 8) for _ in range(machine.dice.randint(1, 3))]
    turns = Turns(machine.points, switches, lambda: machine.world.clock.pass_time(seconds))
    turns.run(lambda: deliver(machine, one), lambda: deliver(machine, other))


@rule(1)
def bury_a_message(machine: Machine) -> bool:
    """A message was refused so often that it becomes a dead letter."""
    event = _take(machine, in_order=False)
    if event is None:
        return False
    machine.strike("dead letter")
    number = uuid5(machine.world.ids.new(), event.type)
    letter = DeadLetter(
        id=number,
        message_id=number.hex,
        subscription=f"projects/p/subscriptions/{event.type}",
        event_type=event.type,
        entity_id=event.entity_id,
        body=event.model_dump_json(),
        attributes={},
    )
    record_dead_letter(machine.world, letter)
    record_dead_letter(machine.world, replace(letter, id=machine.world.ids.new()))
    return True


# ---- time ----------------------------------------------------------------------------------------


@rule(9)
def tick(machine: Machine) -> bool:
    """Some minutes pass, with blocks or without, and the scheduler wakes `reconcile`."""
    _pass(machine, machine.dice.choice(PAUSES))
    deliver(machine, ReconcileTick(), machine.dice.randrange(40) if machine.chance(10) else None)
    ticks = ((30, BatchPayoutsTick()), (50, ExpireSubscriptionsTick()), (20, BroadcastOffersTick()))
    for often, rare in ticks:
        if machine.chance(often):
            last = machine.dice.randrange(6) if machine.chance(10) else None
            deliver(machine, rare, last)
    return True


@rule(9)
def keep_up_for_a_while(machine: Machine) -> bool:
    """Minutes as most are: blocks come, exchanges may go on, and what is due is delivered."""
    machine.world.clock.pass_time(machine.dice.choice(PAUSES))
    machine.world.fake_chain.mine(CONFIRMATIONS)
    if machine.chance(40):
        finish_exchanges(machine)
    deliver(machine, ReconcileTick())
    deliver(machine, ExpireSubscriptionsTick())
    deliver(machine, BatchPayoutsTick())
    deliver(machine, BroadcastOffersTick())
    for _ in range(BUSY_WHILE):
        event = _take(machine, in_order=True)
        if event is None:
            break
        deliver(machine, event)
    return True


@rule(1)
def tick_twice(machine: Machine) -> bool:
    """The scheduler fires twice in a minute."""
    for tick in (
        ReconcileTick(),
        ExpireSubscriptionsTick(),
        BatchPayoutsTick(),
        BroadcastOffersTick(),
    ):
        deliver(machine, tick)
        deliver(machine, tick)
    return True


@rule(3)
def let_minutes_pass(machine: Machine) -> bool:
    _pass(machine, machine.dice.randint(2, 30) * 60)
    return True


@rule(1)
def let_hours_pass(machine: Machine) -> bool:
    _pass(machine, machine.dice.randint(1, 5) * HOUR)
    return True


@rule(1)
def let_thirty_hours_pass(machine: Machine) -> bool:
    if machine.chance(50):
        return False
    machine.strike("thirty hours without a tick")
    _pass(machine, 30 * HOUR)
    return True


@rule(6)
def let_what_is_sent_get_stuck(machine: Machine) -> bool:
    """Gas gets far too dear for what waits to be mined, and stays so until promises end."""
    chain = machine.world.fake_chain
    if not chain._hidden and all(sender == FAUCET for sender, _ in chain._pool):
        return False
    machine.strike("transaction stuck")
    chain.base_fee = machine.dice.choice((100, 300, 900)) * GWEI
    machine.world.clock.pass_time(60 * machine.dice.choice((4, 10, 16, 19)))
    deliver(machine, ReconcileTick())
    return True


@rule(1)
def refresh_the_currencies(machine: Machine) -> bool:
    """The hourly tick."""
    slot = int(machine.world.clock.now().timestamp() // HOUR)
    machine.request(lambda: refresh_currencies(machine.world, slot))
    return True


def _pass(machine: Machine, seconds: int) -> None:
    machine.world.clock.pass_time(seconds)
    machine.world.fake_chain.mine(machine.dice.randint(0, 3))
