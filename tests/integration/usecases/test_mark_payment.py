"""Payments in review that were settled outside."""

from uuid import UUID

import pytest

from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator
from shared_lib.usecases.mark_payment import mark_payment
from tests.integration.usecases.support import ANN, buy, report, reviews, value
from tests.invariants import assert_sound
from tests.world import Shop, World

BY = Operator("Olga", "the provider gave it back")
PROOF = Evidence("ticket 4711 of the provider")


@pytest.fixture
def shop(world: World) -> Shop:
    world.top_up()
    return world.open_shop()


def only_payment(world: World) -> UUID:
    found: UUID = value(world, "SELECT id FROM payments")
    return found


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        ("finished", {"outcome_currency": "doge"}),
        ("finished", {"outcome_amount": "0"}),
        ("partially_paid", {"outcome_amount": "0.001"}),
    ],
)
def test_what_was_never_booked_is_taken_off_the_list_with_the_evidence(
    world: World, shop: Shop, status: str, fields: dict[str, str]
) -> None:
    report(world, world.order(ANN, shop), status, **fields)
    world.run()
    [(_, was)] = reviews(world)
    mark_payment(world, only_payment(world), PROOF, BY)
    assert reviews(world) == set()
    [entry] = world.rows("SELECT actor, detail FROM audit_log WHERE action = 'mark_payment'")
    assert entry["actor"] == "Olga"
    assert (entry["detail"]["evidence"], entry["detail"]["was"]) == (PROOF.text, was)
    with pytest.raises(ActionRefusedError, match="on the list"):
        mark_payment(world, only_payment(world), PROOF, BY)
    assert_sound(world)


def test_what_is_in_the_books_is_not_marked(world: World, shop: Shop) -> None:
    payment = buy(world, shop)
    world.fake_provider.set_status(payment, "finished", outcome_amount="0.0024")
    world.run()
    assert reviews(world) == {("payment", "provider_disagrees")}
    with pytest.raises(ActionRefusedError, match="in the books"):
        mark_payment(world, only_payment(world), PROOF, BY)
    assert reviews(world) == {("payment", "provider_disagrees")}


def test_what_does_not_rest_is_not_marked(world: World, shop: Shop) -> None:
    report(world, world.order(ANN, shop), "confirming")
    for payment in (only_payment(world), UUID(int=7)):
        with pytest.raises(ActionRefusedError, match="does not rest"):
            mark_payment(world, payment, PROOF, BY)
