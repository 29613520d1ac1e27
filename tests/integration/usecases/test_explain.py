"""Whoever asks hears why something stands where it stands, and nobody hears of others' things."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared_lib.domain.money import USDT
from shared_lib.domain.offer import PayoutTarget
from shared_lib.domain.operator import ActionRefusedError
from shared_lib.domain.review import Action, Reason
from shared_lib.domain.why import Explained, Viewer, Why
from shared_lib.ports import RetryableError
from shared_lib.usecases.explain import explain
from shared_lib.usecases.grant_access import Grant, grant_access
from shared_lib.usecases.refresh_currencies import refresh_currencies
from tests.integration.usecases.support import (
    ANN,
    BEN,
    account_of,
    buy,
    column,
    report,
    stop_sends,
    value,
)
from tests.integration.usecases.swap_support import BITCOIN, break_swaps
from tests.world import Shop, World

OPERATOR = Viewer(is_operator=True)
OWN_WALLET = PayoutTarget(USDT, "0x52908400098527886E0F7030069857D2E4169EE7", None)
STEPS_MOST = 400


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    refresh_currencies(world, 0)
    return world.open_shop()


def owner(world: World, shop: Shop) -> Viewer:
    return Viewer(account_id=account_of(world, shop))


def ask(world: World, viewer: Viewer, kind: Explained, subject: UUID | None = None) -> Why:
    """About the newest of its kind, unless one is named."""
    newest = f"SELECT id FROM {kind.value}s ORDER BY created_at DESC, id LIMIT 1"
    return explain(world, viewer, kind, subject or value(world, newest))


def everything(world: World) -> Iterator[tuple[Explained, Why]]:
    """What an operator hears of all that there is."""
    for kind in Explained:
        for one in column(world, f"SELECT id FROM {kind.value}s"):
            yield kind, explain(world, OPERATOR, kind, one)


def watched(world: World) -> set[tuple[Explained, str, str]]:
    """All that was said until nothing was left to do; each answer is whole."""
    said = set()
    for _ in range(STEPS_MOST):
        for kind, answer in everything(world):
            assert answer.because.endswith(".")
            assert answer.next.endswith(".")
            said.add((kind, answer.state, answer.because))
        if world.step():
            continue
        if world.is_quiet():
            return said
        world.tick()
    raise AssertionError("never quiet")


def wait(world: World) -> None:
    """Half an hour, with blocks and ticks."""
    for _ in range(30):
        world.drain()
        world.tick()
    world.drain()


def states(said: set[tuple[Explained, str, str]], kind: Explained) -> set[str]:
    return {state for one, state, _ in said if one is kind}


# ---- the whole way -------------------------------------------------------------------------------


def test_a_direct_payout_is_explained_at_every_step(world: World, shop: Shop) -> None:
    buy(world, shop)
    said = watched(world)
    assert {"expected", "pending", "locked", "paid"} <= states(said, Explained.PAYMENT)
    assert {"sending", "settled"} <= states(said, Explained.PAYOUT)
    because = {one for kind, _, one in said if kind is Explained.PAYOUT}
    assert {
        "Its transfer is being checked.",
        "Its transfer is authorised.",
        "Its transfer is with the network.",
        "The owner has the money.",
    } <= because


def test_a_swapped_payout_is_explained_at_every_step(world: World) -> None:
    world.top_up()
    refresh_currencies(world, 0)
    buy(world, world.open_shop(target=BITCOIN))
    because = {one for kind, _, one in watched(world) if kind is Explained.PAYOUT}
    assert {
        "The swap provider is asked for a rate.",
        "A rate is promised.",
        "An exchange is made.",
        "The exchange has our money, or is about to.",
        "The owner has the money.",
    } <= because


@pytest.fixture
def pool(world: World) -> Shop:
    world.top_up()
    refresh_currencies(world, 0)
    return world.open_shop(target=OWN_WALLET, threshold_cents=2_000)


def test_what_is_collected_is_explained_until_it_is_held(world: World, pool: Shop) -> None:
    buy(world, pool)
    assert {"expected", "pending", "converting", "held"} <= states(
        watched(world), Explained.PAYMENT
    )
    answer = ask(world, owner(world, pool), Explained.PAYMENT)
    assert "threshold" in answer.next
    assert (answer.by, answer.carried_by) == (None, None)


# ---- what stands still ---------------------------------------------------------------------------


def test_the_owner_hears_what_money_waits_for_and_until_when(world: World, shop: Shop) -> None:
    world.fake_chain.base_fee = 10**15
    buy(world, shop)
    wait(world)
    answer = ask(world, owner(world, shop), Explained.PAYMENT)
    assert answer.because == "Sending it now would cost too much of it."
    assert answer.by is not None
    assert answer.by > world.clock.now()


def test_a_payout_that_is_stopped_says_when_a_person_looks(world: World, shop: Shop) -> None:
    stop_sends(world)
    buy(world, shop)
    wait(world)
    payment = ask(world, owner(world, shop), Explained.PAYMENT)
    assert payment.because == "The owner's part is in a payout."
    payout = ask(world, owner(world, shop), Explained.PAYOUT, payment.carried_by)
    assert payout.because == "Its transfer is being checked."
    assert payout.by is not None


def test_what_a_person_has_to_look_at_is_said_first(world: World, shop: Shop) -> None:
    report(world, world.order(ANN, shop), "partially_paid")
    world.run()
    for viewer in (OPERATOR, owner(world, shop), Viewer(telegram_user_id=ANN)):
        answer = ask(world, viewer, Explained.PAYMENT)
        assert answer.because == "Less than the price arrived."
        assert answer.next == "An operator decides; nothing is lost meanwhile."
        assert answer.reasons == (Reason.PAID_IN_PART,)


def test_a_swap_provider_that_is_down_is_named(world: World) -> None:
    world.top_up()
    refresh_currencies(world, 0)
    shop = world.open_shop(target=BITCOIN)
    break_swaps(world, "limits", RetryableError("down"))
    buy(world, shop)
    wait(world)
    answer = ask(world, owner(world, shop), Explained.PAYMENT)
    assert answer.because == "The node or the swap provider does not answer."
    assert answer.by is not None


# ---- access --------------------------------------------------------------------------------------


def test_access_says_until_when_it_runs_and_that_it_is_over(world: World, shop: Shop) -> None:
    buy(world, shop)
    world.run()
    answer = ask(world, Viewer(telegram_user_id=ANN), Explained.MEMBERSHIP)
    assert answer.because == "Access runs."
    assert answer.by == value(world, "SELECT access_ends_at FROM memberships")
    world.clock.pass_time(timedelta(days=400).total_seconds())
    over = ask(world, Viewer(telegram_user_id=ANN), Explained.MEMBERSHIP)
    assert (over.state, over.because) == ("ended", "Access is over.")


def test_access_for_life_has_no_end(world: World, shop: Shop) -> None:
    buy(world, shop)
    grant_access(world, account_of(world, shop), shop.channel_id, Grant(uuid4(), ANN, None))
    answer = ask(world, owner(world, shop), Explained.MEMBERSHIP)
    assert (answer.because, answer.by) == ("Access runs for life.", None)


# ---- who hears what ------------------------------------------------------------------------------


def test_nobody_hears_of_what_is_not_theirs(world: World, shop: Shop) -> None:
    """Another account, another person, and nobody at all; as if it were not there."""
    buy(world, shop)
    world.run()
    others = (
        Viewer(),
        Viewer(account_id=uuid4()),
        Viewer(telegram_user_id=BEN),
        owner(world, world.open_shop(2)),
    )
    for kind in Explained:
        for viewer in others:
            with pytest.raises(ActionRefusedError, match=f"there is no such {kind.value}"):
                ask(world, viewer, kind)


def test_a_payer_hears_nothing_of_the_owners_money(world: World, shop: Shop) -> None:
    """Not even one who is an owner too, of another channel."""
    buy(world, shop)
    world.run()
    other = account_of(world, world.open_shop(2))
    for payer in (Viewer(telegram_user_id=ANN), Viewer(other, ANN)):
        answer = ask(world, payer, Explained.PAYMENT)
        assert answer.state == "finished"
        assert answer.because == "It is paid, and what it pays for was given."
        assert (answer.carried_by, answer.by) == (None, None)
        with pytest.raises(ActionRefusedError, match="no such payout"):
            ask(world, payer, Explained.PAYOUT)


def test_a_conversion_of_many_owners_money_is_for_operators(world: World, pool: Shop) -> None:
    buy(world, pool)
    world.run()
    assert ask(world, OPERATOR, Explained.PAYOUT).state == "settled"
    with pytest.raises(ActionRefusedError, match="no such payout"):
        ask(world, owner(world, pool), Explained.PAYOUT)


def test_what_can_be_done_is_for_operators(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    report(world, invoice, "finished", outcome_amount="0.0025", payout_hash=world.deposit("0.001"))
    wait(world)
    answer = ask(world, OPERATOR, Explained.PAYMENT)
    assert answer.actions == (Action.RELEASE_PAYMENT, Action.REVERSE_PAYMENT)
    assert ask(world, owner(world, shop), Explained.PAYMENT).actions == ()
    assert ask(world, Viewer(telegram_user_id=ANN), Explained.PAYMENT).actions == ()


def test_a_payment_of_no_known_order_is_for_operators(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    report(world, invoice, "finished", order_id="not-one-of-ours", outcome_amount="0.0025")
    world.run()
    assert ask(world, OPERATOR, Explained.PAYMENT).reasons == (Reason.UNKNOWN_ORDER,)
    for viewer in (owner(world, shop), Viewer(telegram_user_id=ANN)):
        with pytest.raises(ActionRefusedError, match="no such payment"):
            ask(world, viewer, Explained.PAYMENT)


def test_asking_changes_nothing(world: World, shop: Shop) -> None:
    buy(world, shop)
    before = world.rows("SELECT * FROM payments")
    for _, _answer in everything(world):
        pass
    assert world.rows("SELECT * FROM payments") == before
