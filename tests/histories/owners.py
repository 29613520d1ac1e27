"""What the operator and the owners do."""

from functools import partial

from shared_lib.domain.policy import Policy
from shared_lib.ports import ProviderError
from shared_lib.usecases.record_top_up import TopUpRefusedError, record_top_up
from tests.histories.machine import THRESHOLD_CENTS, UNDECIDED, Machine, rule
from tests.world import CONFIRMATIONS, World

TOP_UPS = (10**15, 2 * 10**16)


def stop_sends(world: World) -> None:
    """The kill switch is on."""
    world.rows(
        "INSERT INTO controls VALUES ('stop_sends', 'operator', 'test', now()) "
        "ON CONFLICT DO NOTHING"
    )


def allow_sends(world: World) -> None:
    """The kill switch is off."""
    world.rows("DELETE FROM controls")


@rule(1)
def pull_the_kill_switch(machine: Machine) -> bool:
    machine.strike("kill switch")
    stop_sends(machine.world)
    machine.is_stopped = True
    return True


@rule(20)
def release_the_kill_switch(machine: Machine) -> bool:
    if not machine.is_stopped:
        return False
    allow_sends(machine.world)
    machine.is_stopped = False
    return True


@rule(2)
def top_up_gas(machine: Machine) -> bool:
    """It is booked once it is confirmed; until then, and by a node that is down, it is refused."""
    world = machine.world
    tx_hash = world.fake_chain.pay(world.policy.host_wallet, machine.dice.choice(TOP_UPS))
    world.fake_chain.mine(CONFIRMATIONS)
    machine.request(partial(_record, machine, tx_hash))
    return True


def _record(machine: Machine, tx_hash: str) -> None:
    """Book it, or come back to it, unless a provider has named it as a deposit of its own."""
    world = machine.world
    try:
        world._flushing(lambda: record_top_up(world, tx_hash, "operator"))
    except (ProviderError, TopUpRefusedError):
        counted = f"SELECT hash FROM incoming_transactions WHERE hash = '{tx_hash.lower()}'"
        if not world.rows(counted):
            machine.repeats.append(partial(_record, machine, tx_hash))


@rule(1, quiet=True)
def change_the_policy(machine: Machine) -> bool:
    """Limits and fees of the deployment."""
    usual, dice = Policy(), machine.dice
    machine.strike("policy changed")
    machine.is_policy_usual = False
    fee_bps = dice.choice((usual.fee_bps, 2_000))
    machine.fees_bps.add(fee_bps)
    machine.world.set_policy(
        fee_bps=fee_bps,
        transfer_cap=dice.choice((usual.transfer_cap, 6 * 10**15)),
        payout_cost_most_bps=dice.choice((usual.payout_cost_most_bps, 300)),
        transfer_stuck_seconds=dice.choice((usual.transfer_stuck_seconds, 60.0)),
        changenow_calls_per_second=dice.choice((usual.changenow_calls_per_second, 2)),
        telegram_messages_per_second=dice.choice((usual.telegram_messages_per_second, 1)),
    )
    return True


@rule(6, quiet=True)
def take_the_usual_policy(machine: Machine) -> bool:
    if machine.is_policy_usual:
        return False
    restore_policy(machine)
    return True


def restore_policy(machine: Machine) -> None:
    """The numbers that a deployment begins with."""
    usual = Policy()
    machine.is_policy_usual = True
    machine.world.set_policy(
        fee_bps=usual.fee_bps,
        transfer_cap=usual.transfer_cap,
        payout_cost_most_bps=usual.payout_cost_most_bps,
        transfer_stuck_seconds=usual.transfer_stuck_seconds,
        changenow_calls_per_second=usual.changenow_calls_per_second,
        telegram_messages_per_second=usual.telegram_messages_per_second,
    )


@rule(2)
def change_where_an_owner_is_paid(machine: Machine) -> bool:
    """Another address, another tag or another coin, at any moment."""
    number = machine.dice.randrange(len(machine.shops))
    target = machine.dice.choice(machine.targets[number])
    memo = "NULL" if target.memo is None else f"'{target.memo}'"
    machine.strike("payout target changed")
    machine.world.rows(
        f"UPDATE channels SET payout_asset = '{target.asset.id}', "
        f"payout_address = '{target.address}', payout_memo = {memo} "
        f"WHERE id = '{machine.shops[number].channel_id}'"
    )
    return True


@rule(2)
def change_how_an_owner_is_paid(machine: Machine) -> bool:
    """At once instead of by a threshold, or the other way round; or another threshold."""
    machine.strike("payout strategy changed")
    threshold = machine.dice.choice(("NULL", THRESHOLD_CENTS, THRESHOLD_CENTS, 4 * THRESHOLD_CENTS))
    strategy = "instant" if threshold == "NULL" else "threshold"
    machine.world.rows(
        f"UPDATE channels SET strategy = '{strategy}', threshold_cents = {threshold} "
        f"WHERE id = '{machine.shops[UNDECIDED].channel_id}'"
    )
    return True
