"""Payments that rest in review with their money in the books: let go on, or taken out again."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator
from shared_lib.domain.payment import ACCEPTABLE
from shared_lib.domain.review import Reason
from shared_lib.domain.update import AskRefund
from shared_lib.usecases.audit_books import audit_books
from shared_lib.usecases.mark_payment import mark_payment
from shared_lib.usecases.refund_payment import refund_payment
from shared_lib.usecases.release_payment import release_payment
from shared_lib.usecases.reverse_payment import reverse_payment
from tests.databases import together
from tests.integration.usecases.support import (
    ANN,
    BEN,
    balance,
    column,
    go_on,
    report,
    reviews,
    state_of,
    value,
)
from tests.integration.usecases.swap_support import pass_hours, pass_minutes
from tests.invariants import assert_sound
from tests.world import Shop, World

BY = Operator("operator:ann", "looked at it with Ben")
PROOF = Evidence("the provider's receipt 4711")
RECEIVED = 25 * 10**14


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def refused(action: Callable[[], Any]) -> str:
    """Why an action is refused."""
    with pytest.raises(ActionRefusedError) as caught:
        action()
    return str(caught.value)


def finish(world: World, shop: Shop, user_id: int = ANN, **fields: Any) -> tuple[str, UUID]:
    """A payment of 0.0025 ETH that was called finished, as far as it goes; both its ids."""
    said = {"outcome_amount": "0.0025", **fields}
    number = report(world, world.order(user_id, shop), "finished", **said)
    pass_minutes(world, 10)
    payment = value(world, f"SELECT id FROM payments WHERE provider_payment_id = '{number}'")
    return number, payment


def in_review(world: World, reason: Reason) -> None:
    assert reviews(world) == {("payment", reason)}
    assert state_of(world, "shares")[-1] == "expected"


def settle(world: World) -> None:
    """All goes to its end, and nothing is left for a person."""
    world.run()
    assert reviews(world) == set()
    assert set(state_of(world, "payouts")) == {"settled"}
    assert balance(world, "provider_receivable") == 0
    assert_sound(world)


def audited(world: World) -> list[tuple[str, dict[str, str]]]:
    return [
        (row["action"], row["detail"])
        for row in world.rows("SELECT action, detail FROM audit_log ORDER BY id")
        if row["detail"].get("reason") == BY.reason
    ]


# ---- let go on -----------------------------------------------------------------------------------


def test_what_the_provider_has_put_right_goes_on(world: World, shop: Shop) -> None:
    number, payment = finish(world, shop)
    world.fake_provider.set_status(number, "finished", outcome_amount="0.0026")
    world.run()
    in_review(world, Reason.PROVIDER_DISAGREES)
    tx_hash = world.deposit("0.0025")
    world.fake_provider.set_status(number, "finished", outcome_amount="0.0025", payout_hash=tx_hash)
    release_payment(world, payment, BY)
    settle(world)
    [(action, detail)] = audited(world)
    assert (action, detail["was"], detail["accepted"]) == (
        "release_payment",
        "provider_disagrees",
        "",
    )


def test_what_is_still_so_comes_back(world: World, shop: Shop) -> None:
    number, payment = finish(world, shop, payout_hash=world.deposit("0.0024"))
    for _ in range(2):
        in_review(world, Reason.DEPOSIT_DIFFERS)
        release_payment(world, payment, BY)
        world.run()
    in_review(world, Reason.DEPOSIT_DIFFERS)
    assert number


def test_a_deposit_that_differs_is_booked_as_it_is_once_that_is_accepted(
    world: World, shop: Shop
) -> None:
    _, payment = finish(world, shop, payout_hash=world.deposit("0.0024"))
    in_review(world, Reason.DEPOSIT_DIFFERS)
    release_payment(world, payment, BY, frozenset({Reason.DEPOSIT_DIFFERS}))
    settle(world)
    assert balance(world, "difference") == 10**14  # what the platform has lost
    assert value(world, "SELECT amount FROM payouts") == RECEIVED * 85 // 100


def test_a_provider_that_disagrees_is_overruled_by_the_chain_alone(
    world: World, shop: Shop
) -> None:
    tx_hash = world.deposit("0.0025")
    number, payment = finish(world, shop)
    world.fake_provider.set_status(number, "finished", outcome_amount="0.0026", payout_hash=tx_hash)
    world.run()
    in_review(world, Reason.PROVIDER_DISAGREES)
    release_payment(world, payment, BY, frozenset({Reason.PROVIDER_DISAGREES}))
    settle(world)


def test_what_is_worth_too_much_goes_on_once_that_is_accepted(world: World, shop: Shop) -> None:
    """The transfer's own check of its worth lets it pass too."""
    _, payment = finish(world, shop, outcome_amount="0.0035", payout_hash=world.deposit("0.0035"))
    in_review(world, Reason.NOTIONAL_TOO_HIGH)
    release_payment(world, payment, BY, frozenset({Reason.NOTIONAL_TOO_HIGH}))
    settle(world)
    assert value(world, "SELECT amount FROM payouts") == 35 * 10**14 * 85 // 100


def test_a_deposit_counted_for_another_payment_is_replaced_by_the_one_that_is_named(
    world: World, shop: Shop
) -> None:
    tx_hash = world.deposit("0.0025")
    finish(world, shop, payout_hash=tx_hash)
    _, second = finish(world, shop, BEN, payout_hash=tx_hash)
    in_review(world, Reason.DEPOSIT_COUNTED_TWICE)
    right = world.deposit("0.0025")
    release_payment(world, second, BY, deposit_hash=right.upper().replace("0X", "0x"))
    settle(world)
    assert column(world, "SELECT deposit_hash FROM payments ORDER BY created_at") == [
        tx_hash,
        right,
    ]


def test_a_named_deposit_counts_once_too(world: World, shop: Shop) -> None:
    tx_hash = world.deposit("0.0025")
    finish(world, shop, payout_hash=tx_hash)
    _, second = finish(world, shop, BEN, payout_hash=world.deposit("0.0024"))
    accepted = frozenset({Reason.DEPOSIT_DIFFERS, Reason.PROVIDER_DISAGREES})
    release_payment(world, second, BY, accepted, tx_hash)
    world.run()
    assert reviews(world) == {("payment", "deposit_counted_twice")}


def test_money_that_a_contract_passed_on_is_vouched_for_by_a_person(
    world: World, shop: Shop
) -> None:
    """At top level such a transaction shows nothing. The wallet's balance does."""
    inside = world.fake_chain.pay(world.policy.host_wallet, 0)
    _, payment = finish(world, shop, payout_hash=inside)
    assert refused(partial(release_payment, world, payment, BY)) == (
        "nothing about this payment is on the list"
    )
    pass_hours(world, 30)
    assert ("payment", "failing_for_a_day") in reviews(world)
    world.deposit("0.0025")  # what the contract passed on, which no hash of ours names
    release_payment(world, payment, BY, frozenset({Reason.DEPOSIT_DIFFERS}), inside)
    world.run()
    assert set(state_of(world, "payouts")) == {"settled"}
    assert balance(world, "difference") == balance(world, "provider_receivable") == 0
    assert audit_books(world, 1) == []


def test_a_refund_that_was_said_meanwhile_is_applied(world: World, shop: Shop) -> None:
    number, payment = finish(world, shop, payout_hash=world.deposit("0.0024"))
    go_on(world, number, "refunded")
    world.run()
    in_review(world, Reason.DEPOSIT_DIFFERS)
    release_payment(world, payment, BY, frozenset({Reason.DEPOSIT_DIFFERS}))
    world.run()
    assert state_of(world, "shares") == ["reversed"]
    assert reviews(world) == {("payment", "refunded_after_finish")}
    assert state_of(world, "payouts") == []


def test_a_payer_s_credit_goes_on_too(world: World, shop: Shop) -> None:
    tx_hash = world.deposit("0.0014")
    world.pay_part(world.order(ANN, shop), arrives=False, payout_hash=tx_hash)
    pass_minutes(world, 5)
    assert reviews(world) == {("payment", "deposit_differs")}
    payment = value(world, "SELECT id FROM payments")
    release_payment(world, payment, BY, frozenset({Reason.DEPOSIT_DIFFERS}))
    pass_minutes(world, 5)
    assert reviews(world) == set()
    assert value(world, "SELECT status FROM payments") == "partially_paid"
    world.finish(world.order(ANN, shop), "0.001")
    settle(world)


def test_a_credit_that_waits_for_a_refund_waits_on(world: World, shop: Shop) -> None:
    """The payment goes on; what becomes of its payer's money is a question of its own."""
    tx_hash = world.deposit("0.0014")
    world.pay_part(world.order(ANN, shop), arrives=False, payout_hash=tx_hash)
    pass_minutes(world, 5)
    world.update(ANN, AskRefund(value(world, "SELECT id FROM orders WHERE tops_up IS NULL")))
    payment = value(world, "SELECT id FROM payments")
    assert reviews(world) == {("payment", "deposit_differs"), ("payment", "paid_in_part")}
    release_payment(world, payment, BY, frozenset({Reason.DEPOSIT_DIFFERS}))
    pass_minutes(world, 5)
    assert reviews(world) == {("payment", "paid_in_part")}
    assert state_of(world, "payer_credits") == ["to_refund"]
    assert_sound(world)
    assert refused(partial(release_payment, world, payment, BY)) == "this payment waits for nobody"
    refund_payment(world, payment, PROOF, BY)
    assert reviews(world) == set()


def test_one_that_was_never_booked_is_judged_anew(world: World, shop: Shop) -> None:
    report(world, world.order(ANN, shop), "finished", outcome_currency="doge")
    world.run()
    payment = value(world, "SELECT id FROM payments")
    release_payment(world, payment, BY)
    world.run()
    assert reviews(world) == {("payment", "wrong_asset")}
    assert state_of(world, "shares") == []


def test_two_who_release_it_at_once_release_it_once(world: World, shop: Shop) -> None:
    _, payment = finish(world, shop, payout_hash=world.deposit("0.0024"))
    act = partial(release_payment, world, payment, BY, frozenset({Reason.DEPOSIT_DIFFERS}))

    def try_it() -> str:
        try:
            act()
        except ActionRefusedError as error:
            return str(error)
        return "done"

    assert sorted(together(try_it, try_it)) == ["done", "nothing about this payment is on the list"]
    settle(world)
    assert len(audited(world)) == 1


@pytest.mark.parametrize("reason", sorted(set(Reason) - ACCEPTABLE))
def test_nothing_else_can_be_let_pass(world: World, reason: Reason) -> None:
    said = refused(partial(release_payment, world, uuid4(), BY, frozenset({reason})))
    assert said == f"accepted: {reason} cannot be let pass"


@pytest.mark.parametrize("text", ["", "0x12", "4711", "0x" + "g" * 64])
def test_a_named_deposit_is_a_transaction(world: World, text: str) -> None:
    said = refused(partial(release_payment, world, uuid4(), BY, deposit_hash=text))
    assert said == "deposit_hash: must be 0x and 64 hex digits"


def test_what_rests_in_no_review_is_refused(world: World, shop: Shop) -> None:
    _, payment = finish(world, shop, payout_hash=world.deposit("0.0025"))
    for act in (partial(release_payment, by=BY), partial(reverse_payment, evidence=PROOF, by=BY)):
        with pytest.raises(ActionRefusedError, match=r"waits for nobody|in review"):
            act(world, payment)


def test_what_was_settled_outside_is_not_let_go_on(world: World, shop: Shop) -> None:
    report(world, world.order(ANN, shop), "finished", outcome_currency="doge")
    world.run()
    payment = value(world, "SELECT id FROM payments")
    mark_payment(world, payment, PROOF, BY)
    said = refused(partial(release_payment, world, payment, BY))
    assert said == "nothing about this payment is on the list"


# ---- taken out -----------------------------------------------------------------------------------


def test_what_never_came_is_taken_out_of_the_books(world: World, shop: Shop) -> None:
    _, payment = finish(world, shop, payout_hash=world.deposit("0.0025"))
    number, second = finish(world, shop, BEN)
    world.fake_provider.set_status(number, "failed")
    world.run()
    in_review(world, Reason.PROVIDER_DISAGREES)
    reverse_payment(world, second, PROOF, BY)
    settle(world)
    assert state_of(world, "shares") == ["paid", "reversed"]
    assert value(world, f"SELECT status FROM payments WHERE id = '{second}'") == "refunded"
    [(action, detail)] = audited(world)
    assert (action, detail["evidence"]) == ("reverse_payment", PROOF.text)
    assert refused(partial(reverse_payment, world, second, PROOF, BY)) == (
        "this payment does not rest in review"
    )
    assert payment != second


def test_access_is_left_as_it_is(world: World, shop: Shop) -> None:
    _, payment = finish(world, shop, payout_hash=world.deposit("0.0024"))
    # What came is somebody else's mistake, and not the price of this.
    reverse_payment(world, payment, PROOF, BY)
    world.run()
    assert state_of(world, "memberships") == ["active"]
    assert state_of(world, "shares") == ["reversed"]


def test_a_payer_s_credit_is_withdrawn_and_its_rest_is_asked_for_no_more(
    world: World, shop: Shop
) -> None:
    tx_hash = world.deposit("0.0014")
    world.pay_part(world.order(ANN, shop), arrives=False, payout_hash=tx_hash)
    pass_minutes(world, 5)
    payment = value(world, "SELECT id FROM payments")
    reverse_payment(world, payment, PROOF, BY)
    world.run()
    assert state_of(world, "payer_credits") == ["withdrawn"]
    assert set(state_of(world, "orders")) == {"closed"}
    assert balance(world, "payer_credit") == balance(world, "provider_receivable") == 0
    assert reviews(world) == set()


def test_what_was_never_booked_is_marked_instead(world: World, shop: Shop) -> None:
    report(world, world.order(ANN, shop), "finished", outcome_currency="doge")
    world.run()
    payment = value(world, "SELECT id FROM payments")
    said = refused(partial(reverse_payment, world, payment, PROOF, BY))
    assert said == "nothing of it is booked: mark it instead"
