"""From an offer to an invoice: one order, one invoice shown, and never a word about others."""

from uuid import UUID, uuid4

import pytest

from shared_lib.domain.update import AskStatus, BlockBot, Greet, Ignore, OpenOffer
from shared_lib.ports import (
    LeaseHeldError,
    PermanentError,
    Person,
    ProviderError,
    RetryableError,
    UnknownOutcomeError,
)
from shared_lib.usecases.handle_update import handle_update
from tests.integration.usecases.support import (
    ANN,
    BEN,
    at_once,
    change,
    column,
    said,
    state_of,
    value,
)
from tests.world import Shop, World


def tap(world: World, shop: Shop, user_id: int = ANN, update_id: int | None = None) -> None:
    """Open the first tier's offer, and let the bot answer."""
    world.fake_messenger.add_person(user_id)
    world.update(user_id, OpenOffer(shop.registered.offer_links[0]), update_id)
    world.drain()


def shown(world: World, user_id: int = ANN) -> list[str | None]:
    """The addresses of the invoices that a person was shown."""
    messages = world.fake_messenger.messages_to(user_id)
    return [button.url for message in messages for button in message.buttons]


# ---- invoices ------------------------------------------------------------------------------------


def test_an_offer_becomes_an_order_and_an_invoice_on_its_terms(world: World, shop: Shop) -> None:
    tap(world, shop)
    [(invoice_id, request)] = world.fake_provider.invoices.items()
    [order] = world.rows("SELECT id, price_cents, days, invoice_id, state FROM orders")
    assert (request.order_id, request.price_cents) == (order["id"], 999)
    assert (order["days"], order["invoice_id"], order["state"]) == (30, invoice_id, "open")
    assert request.success_url == f"https://example.com/pay/{order['id']}?result=success"
    [text] = said(world, ANN)
    assert "$9.99" in text
    assert str(order["id"]) in text
    assert shown(world) == [f"https://pay.example/payment/?iid={invoice_id}"]


def test_the_same_update_again_is_answered_once(world: World, shop: Shop) -> None:
    for _ in range(5):
        tap(world, shop, update_id=77)
    assert len(world.fake_provider.invoices) == 1
    assert len(said(world, ANN)) == 1


def test_the_same_update_twice_at_once_is_answered_once(world: World, shop: Shop) -> None:
    world.fake_messenger.add_person(ANN)
    person, intent = Person(ANN, "Ann", None, None), OpenOffer(shop.registered.offer_links[0])
    at_once(world, *[lambda: handle_update(world, 77, person, intent)] * 3)
    handle_update(world, 77, person, intent)
    world.publish()
    world.drain()
    assert len(world.fake_provider.invoices) == 1
    assert len(said(world, ANN)) == 1


def test_two_taps_at_once_lead_to_one_order(world: World, shop: Shop) -> None:
    """The one that comes while the invoice is being made is delivered again by Telegram."""
    person, intent = Person(ANN, "Ann", None, None), OpenOffer(shop.registered.offer_links[0])
    acts = [lambda: handle_update(world, 78, person, intent)]
    acts.append(lambda: handle_update(world, 79, person, intent))
    at_once(world, *acts)
    assert state_of(world, "orders") == ["open"]
    assert len(world.fake_provider.invoices) == 1


def test_two_people_at_once_get_an_order_each(world: World, shop: Shop) -> None:
    intent = OpenOffer(shop.registered.offer_links[0])
    ann, ben = Person(ANN, "Ann", None, None), Person(BEN, "Ben", None, None)
    turned_away = at_once(
        world,
        lambda: handle_update(world, 1, ann, intent),
        lambda: handle_update(world, 2, ben, intent),
    )
    assert turned_away == 0
    assert sorted(column(world, "SELECT telegram_user_id FROM orders")) == [ANN, BEN]
    assert len(world.fake_provider.invoices) == 2


def test_a_second_tap_shows_the_same_invoice(world: World, shop: Shop) -> None:
    tap(world, shop)
    tap(world, shop)
    assert len(world.fake_provider.invoices) == 1
    assert len(shown(world)) == 2
    assert len(set(shown(world))) == 1


def test_an_invoice_whose_answer_was_lost_is_shown_to_nobody(world: World, shop: Shop) -> None:
    lost = UnknownOutcomeError("no answer")
    world.fake_provider.fail_next("create_invoice", lost, after_effect=True)
    tap(world, shop)
    assert "does not answer" in said(world, ANN)[-1]
    tap(world, shop)
    _, adopted = world.fake_provider.invoices
    assert column(world, "SELECT invoice_id FROM orders") == [adopted]
    assert shown(world) == [f"https://pay.example/payment/?iid={adopted}"]


@pytest.mark.parametrize(
    "error", [RetryableError("503", after_seconds=60), PermanentError("400"), UnknownOutcomeError()]
)
def test_a_provider_that_is_down_is_a_polite_word_and_the_next_tap_works(
    world: World, shop: Shop, error: ProviderError
) -> None:
    world.fake_provider.fail_next("create_invoice", error)
    tap(world, shop)
    assert "Nothing was charged" in said(world, ANN)[-1]
    assert shown(world) == []
    tap(world, shop)
    assert len(shown(world)) == 1


def test_a_repeated_update_after_a_failure_does_not_block_the_next_tap(
    world: World, shop: Shop
) -> None:
    world.fake_provider.fail_next("create_invoice", RetryableError("503"))
    tap(world, shop, update_id=77)
    tap(world, shop, update_id=77)
    tap(world, shop, update_id=78)
    assert len(shown(world)) == 1


def test_a_tap_while_another_one_is_being_answered_comes_again(world: World, shop: Shop) -> None:
    tap(world, shop)
    until = f"{world.clock.now()}"
    change(
        world,
        "UPDATE orders SET invoice_id = NULL, invoice_url = NULL, claim_token = gen_random_uuid(), "
        f"claimed_until = '{until}'::timestamptz + interval '1 minute'",
    )
    with pytest.raises(LeaseHeldError):
        tap(world, shop, update_id=78)
    world.clock.pass_time(61)
    tap(world, shop, update_id=78)
    assert len(shown(world)) == 2


# ---- offers that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link_id", ["", "x", "A" * 22, "A" * 23, "' OR 1=1; --aaaaaaaaaaa", "../../../../etc/passwd"]
)
def test_a_forged_offer_is_refused_politely(world: World, shop: Shop, link_id: str) -> None:
    world.fake_messenger.add_person(ANN)
    world.update(ANN, OpenOffer(link_id))
    world.drain()
    assert ["no longer available" in text for text in said(world, ANN)] == [True]
    assert state_of(world, "orders") == []
    assert world.fake_provider.calls == []
    assert shop.registered.offer_links


def test_an_offer_of_a_removed_tier_is_refused_politely(world: World, shop: Shop) -> None:
    change(world, f"UPDATE tiers SET removed_at = '{world.clock.now()}' WHERE position = 1")
    for _ in range(2):
        tap(world, shop, update_id=77)
    assert ["no longer available" in text for text in said(world, ANN)] == [True]
    assert world.fake_provider.calls == []


# ---- everything else -----------------------------------------------------------------------------


def ask(world: World, user_id: int, order_id: UUID | None) -> str:
    """Ask for an order's status; the bot's answer."""
    world.fake_messenger.add_person(user_id)
    world.update(user_id, AskStatus(order_id))
    world.drain()
    return said(world, user_id)[-1]


def test_a_person_sees_the_status_of_their_own_order(world: World, shop: Shop) -> None:
    invoice = world.order(ANN, shop)
    order_id = value(world, "SELECT id FROM orders")
    assert "waiting for the payment" in ask(world, ANN, order_id)
    world.finish(invoice)
    world.drain()
    assert "<b>paid</b>" in ask(world, ANN, order_id)


def test_other_peoples_orders_look_like_none(world: World, shop: Shop) -> None:
    world.order(ANN, shop)
    order_id = value(world, "SELECT id FROM orders")
    foreign = ask(world, BEN, order_id)
    assert foreign == ask(world, BEN, uuid4()) == ask(world, BEN, None)
    assert str(order_id) not in foreign


def test_a_block_is_remembered_until_it_is_taken_back(world: World) -> None:
    blocked = f"SELECT blocked_at FROM telegram_users WHERE id = {ANN}"
    world.update(ANN, BlockBot(blocked=True))
    assert value(world, blocked) == world.clock.now()
    world.update(ANN, BlockBot(blocked=False))
    assert value(world, blocked) is None


def test_a_greeting_is_answered_once(world: World) -> None:
    world.fake_messenger.add_person(ANN)
    for _ in range(3):
        world.update(ANN, Greet(), update_id=5)
        world.drain()
    assert len(said(world, ANN)) == 1


def test_an_update_without_a_person_or_a_meaning_leaves_no_trace(world: World, shop: Shop) -> None:
    handle_update(world, 1, None, OpenOffer(shop.registered.offer_links[0]))
    handle_update(world, 2, Person(ANN, "Ann", None, None), Ignore())
    assert value(world, "SELECT count(*) FROM inbox") == 0
    assert value(world, f"SELECT count(*) FROM telegram_users WHERE id = {ANN}") == 0
