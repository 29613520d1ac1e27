"""Short histories in which a planted mistake does harm. Each says itself what must not happen.

The invariants are asked first: what they notice is noticed in every long history too. What only a
scenario can say of the outside comes after them.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import cast

from shared_lib.domain.keypad import Key
from shared_lib.domain.money import ETH
from shared_lib.domain.operator import Evidence, Operator, Switch
from shared_lib.domain.update import OpenDonation, OpenOffer, Press
from shared_lib.events import (
    MemberRemovalDue,
    PaymentUpdated,
    PayoutRequested,
    TransferCheckDue,
)
from shared_lib.ports import Chain, Messenger, RetryableError, SwapProvider, UnknownOutcomeError
from shared_lib.usecases.cancel_transfer import cancel_transfer
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.flip_switch import flip_switch
from shared_lib.usecases.import_members import FormerMember, import_members
from shared_lib.usecases.receive_callback import receive_callback
from shared_lib.usecases.refund_payment import refund_payment
from tests.fakes.chain import WALLET
from tests.fakes.messenger import ALL_RIGHTS, FakeChat
from tests.integration.usecases.support import (
    ANN,
    BEN,
    STRANGER,
    InterruptedChain,
    InterruptedMessenger,
    InterruptedSigner,
    allow_sends,
    break_down,
    buy,
    calm,
    change,
    column,
    handle,
    have_patience,
    leave,
    lengths,
    purchase,
    repair,
    sent,
    spike,
    state_of,
    stop_before,
    stop_sends,
    value,
)
from tests.integration.usecases.swap_support import (
    BITCOIN,
    HOUR,
    RIPPLE,
    SHARE,
    XRP,
    bought,
    funded,
    made,
    pass_hours,
    pass_minutes,
    swapping,
    until,
)
from tests.planted.stage import Stage, ensure, finish, sound
from tests.points import KilledError
from tests.world import Shop

Scenario = Callable[[Stage], None]
SCENARIOS: dict[str, Scenario] = {}

POINTS_MOST = 60
OTHER_BITCOIN = replace(BITCOIN, address="bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")
WITH_DUST = "0.002500000987654321"


def scenario(act: Scenario) -> Scenario:
    """Take a function into the table, by its name."""
    SCENARIOS[act.__name__] = act
    return act


# ---- reading and acting --------------------------------------------------------------------------


def held(stage: Stage, address: str) -> int:
    """What an address has on the chain, in wei."""
    return stage.fake_chain.balance(address).base_units


def ensure_paid_once(stage: Stage, shop: Shop) -> None:
    """The owner has exactly the part of one purchase."""
    amount = held(stage, shop.destination)
    ensure(amount == SHARE, "the owner got another amount than is owed", amount)


def ensure_funded_once(stage: Stage) -> None:
    """Of all exchanges one got money, and as much as it was made for."""
    deposits = [one.deposits for one in funded(stage)]
    amounts = [[one.base_units for one in each] for each in deposits]
    ensure(amounts == [[SHARE]], "not one exchange was funded once", amounts)


def open_shop(stage: Stage) -> Shop:
    """A channel whose owner is paid in ETH, and a wallet with gas money."""
    stage.top_up()
    return stage.open_shop()


def others_money(stage: Stage) -> None:
    """Another owner's money lies in the wallet, and may not go yet."""
    other = stage.open_shop(9, target=RIPPLE)
    stage.fake_swaps.market.withdraw(ETH, XRP)
    buy(stage, other, BEN)
    until(stage, lambda: value(stage, "SELECT count(*) FROM payments WHERE deposit_hash > ''") == 1)


def free_others_money(stage: Stage) -> None:
    """The other owner can be paid again."""
    stage.fake_swaps.market.restore(ETH, XRP)
    wait_an_hour(stage)


def wait_an_hour(stage: Stage) -> None:
    """As long as anything that waits for better times is left alone."""
    stage.clock.pass_time(HOUR)


# ---- a purchase ----------------------------------------------------------------------------------


@scenario
def one_purchase(stage: Stage) -> None:
    """Bought, joined, and paid out in ETH."""
    shop = open_shop(stage)
    buy(stage, shop)
    stage.drain()
    for url in stage.invite_urls(ANN):
        stage.join(ANN, url)
    finish(stage)
    ensure_paid_once(stage, shop)
    inside = stage.fake_messenger.chats[shop.closed_chat_id].members
    ensure(inside == {ANN}, "the buyer is not inside", inside)


@scenario
def one_swap(stage: Stage) -> None:
    """Bought, and paid out in bitcoin; a part is too small to be swapped."""
    bought(stage, amount=WITH_DUST)
    finish(stage)
    ensure_funded_once(stage)


@scenario
def an_offer_opened_among_deaths(stage: Stage) -> None:
    """For each point of an update a buyer, whose update dies there and is delivered again."""
    shop = open_shop(stage)
    offer = OpenOffer(shop.registered.offer_links[0])
    buyers = []
    for point in range(POINTS_MOST):
        buyers.append(ANN + point)
        stage.fake_messenger.add_person(buyers[-1])
        if stage.tell_bot(buyers[-1], offer, 1_000 + point, point):
            break
    finish(stage)
    for buyer in buyers:
        messages = stage.fake_messenger.messages_to(buyer)
        shown = {button.url for message in messages for button in message.buttons}
        ensure(len(shown) == 1, "a buyer was not shown one invoice", shown)


@scenario
def a_death_before_publishing(stage: Stage) -> None:
    """A payment is confirmed, and the process is gone before it has told anybody."""
    shop = open_shop(stage)
    buy(stage, shop)
    event = next(one for one in stage.queue if isinstance(one.event, PaymentUpdated)).event
    stage.queue.clear()
    stage.points.start(None)
    stage._handle(event)
    stage.lose_unpublished()
    pass_minutes(stage, 1)
    ensure(stage.invite_urls(ANN), "what was left behind is not published with the next tick")
    finish(stage)
    ensure_paid_once(stage, shop)


@scenario
def a_forged_callback(stage: Stage) -> None:
    """Somebody says that a payment has finished, who is not the provider."""
    shop = open_shop(stage)
    invoice = stage.order(ANN, shop)
    stage.fake_provider.pay(invoice, "finished", outcome_amount="0.0025")
    body, _ = stage.fake_provider.callback(next(iter(stage.fake_provider.payments)))
    receive_callback(stage, body, "0" * 128)
    stage.publish()
    stage.drain()
    ensure(not stage.invite_urls(ANN), "an invite for a payment that nobody vouches for")


@scenario
def a_payment_in_part(stage: Stage) -> None:
    """Less than the price came; a person decides."""
    shop = open_shop(stage)
    invoice = stage.order(ANN, shop)
    tx_hash = stage.deposit("0.0025")
    fields = {"outcome_amount": "0.0025", "payout_hash": tx_hash}
    payment = stage.fake_provider.pay(invoice, "partially_paid", **fields)
    stage.call_back(payment)
    finish(stage)
    ensure(not stage.invite_urls(ANN), "an invite for a part of the price")


def _part(stage: Stage) -> str:
    """Six tenths of the price came; the invoice for the rest."""
    shop = open_shop(stage)
    stage.pay_part(stage.order(ANN, shop))
    pass_minutes(stage, 10)
    sound(stage)
    return max(stage.fake_provider.invoices)


@scenario
def a_part_that_becomes_days(stage: Stage) -> None:
    """Nobody pays the rest within a week."""
    _part(stage)
    pass_hours(stage, 24 * 8, step_minutes=240)
    finish(stage)
    ensure(lengths(stage) == [17], "a part of the price brought other days than its own")


@scenario
def a_part_and_its_rest(stage: Stage) -> None:
    """The rest is paid; a week later nothing more happens."""
    rest = _part(stage)
    stage.finish(rest, "0.001")
    pass_hours(stage, 24 * 8, step_minutes=240)
    finish(stage)
    ensure(lengths(stage) == [30], "a part and its rest brought other days than the order's")


@scenario
def a_part_given_back(stage: Stage) -> None:
    """The payer wants it back, and an operator has given it back."""
    _part(stage)
    [row] = stage.rows("SELECT payment_id FROM payer_credits")
    evidence = Evidence("a receipt of the provider")
    refund_payment(stage, row["payment_id"], evidence, Operator("Olga", "the payer asked"))
    stage.publish()
    finish(stage)
    ensure(not lengths(stage), "what was given back brought days")


@scenario
def a_lost_answer_to_an_invite(stage: Stage) -> None:
    """Telegram sends the invite, and its answer gets lost."""
    shop = open_shop(stage)
    invoice = stage.order(ANN, shop)
    stage.drain()
    lost = UnknownOutcomeError("the connection broke")
    stage.fake_messenger.fail_next("send", lost, after_effect=True)
    stage.finish(invoice)
    finish(stage)
    ensure(len(stage.invite_urls(ANN)) == 1, "a buyer did not get one link")


@scenario
def a_link_passed_on(stage: Stage) -> None:
    """A buyer gives the link to somebody who has not paid."""
    shop = open_shop(stage)
    buy(stage, shop)
    stage.drain()
    stage.fake_messenger.add_person(STRANGER)
    stage.join(STRANGER, stage.invite_urls(ANN)[0])
    finish(stage)
    inside = stage.fake_messenger.chats[shop.closed_chat_id].members
    ensure(not inside, "a stranger is inside", inside)


def _inside(stage: Stage) -> Shop:
    """Somebody has bought, and is inside."""
    shop = open_shop(stage)
    buy(stage, shop)
    stage.run()
    stage.join(ANN, stage.invite_urls(ANN)[0])
    stage.drain()
    return shop


def _pass_days(stage: Stage, days: float, ticks: int = 20) -> None:
    stage.clock.pass_time(days * 86_400)
    for _ in range(ticks):
        stage.drain()
        stage.tick()
    stage.drain()


def _chat(stage: Stage, shop: Shop) -> FakeChat:
    return stage.fake_messenger.chats[shop.closed_chat_id]


@scenario
def a_member_whom_the_owner_banned(stage: Stage) -> None:
    """Out already when access ends: to remove them would lift the ban."""
    shop = _inside(stage)
    stage.fake_messenger.leave(shop.closed_chat_id, ANN)
    _pass_days(stage, 31)
    ensure(not _chat(stage, shop).removed, "somebody was removed who was out already")
    sound(stage)


@scenario
def a_renewal_while_the_removal_runs(stage: Stage) -> None:
    """The payment lands between the claim and Telegram's answer."""
    shop = _inside(stage)
    stage.clock.pass_time(31 * 86_400)
    invoice, inner = stage.order(ANN, shop), stage.messenger
    [row] = stage.rows("SELECT id FROM memberships")

    def pay() -> None:
        stage.finish(invoice)
        stage.drain()

    stage.messenger = cast("Messenger", InterruptedMessenger(inner, "remove", pay))
    stage.deliver(MemberRemovalDue(membership_id=row["id"]))
    stage.messenger = inner
    stage.run()
    ensure(state_of(stage, "memberships") == ["active"], "what was paid for is lost")
    stage.join(ANN, stage.invite_urls(ANN)[-1])
    stage.run()
    ensure(ANN in _chat(stage, shop).members, "who has paid is outside")
    sound(stage)


@scenario
def a_bot_that_may_remove_nobody(stage: Stage) -> None:
    """Access is over, and the person stays inside until the bot has its rights again."""
    shop = _inside(stage)
    _chat(stage, shop).bot_rights = frozenset({"can_invite_users"})
    _pass_days(stage, 31)
    ensure(state_of(stage, "memberships") == ["removing"], "counted as removed, and is inside")
    _chat(stage, shop).bot_rights = ALL_RIGHTS
    _pass_days(stage, 0.1)
    ensure(ANN not in _chat(stage, shop).members, "never removed")
    sound(stage)


@scenario
def an_operator_stops_all_removals(stage: Stage) -> None:
    """The kill switch for removals is thrown before an end, and put back."""
    shop = _inside(stage)
    by = Operator("operator:ann", "this is a test")
    flip_switch(stage, Switch.STOP_REMOVALS, by, on=True)
    _pass_days(stage, 31)
    ensure(ANN in _chat(stage, shop).members, "removed while all removals were stopped")
    flip_switch(stage, Switch.STOP_REMOVALS, by, on=False)
    _pass_days(stage, 0.1)
    ensure(ANN not in _chat(stage, shop).members, "never removed")
    sound(stage)


@scenario
def a_crowd_whose_access_ends_at_once(stage: Stage) -> None:
    """Ten go, and the others wait for a person."""
    shop = open_shop(stage)
    [row] = stage.rows("SELECT account_id FROM channels")
    ends_at = stage.clock.now() + timedelta(days=1)
    members = [FormerMember(ANN + 100 + number, ends_at) for number in range(15)]
    for one in members:
        stage.fake_messenger.add_member(shop.closed_chat_id, one.telegram_user_id)
    import_members(stage, row["account_id"], shop.channel_id, members)
    _pass_days(stage, 1.1)
    ensure(len(_chat(stage, shop).removed) == 10, "more were removed than a person knows of")
    sound(stage)


@scenario
def a_payer_who_is_blocked(stage: Stage) -> None:
    """The owner blocks somebody who has access, and who then pays an invoice from before."""
    shop = open_shop(stage)
    buy(stage, shop)
    stage.drain()
    invoice = stage.order(ANN, shop)
    [row] = stage.rows("SELECT id, account_id FROM channels")
    change_access(stage, row["account_id"], row["id"], ANN, AccessChange.BLOCK)
    stage.publish()
    stage.finish(invoice)
    stage.drain()
    sound(stage)
    stage.join(ANN, stage.invite_urls(ANN)[0])
    finish(stage)
    inside = stage.fake_messenger.chats[shop.closed_chat_id].members
    ensure(not inside, "somebody is inside who is blocked", inside)


@scenario
def a_request_delivered_to_two(stage: Stage) -> None:
    """While one function makes an exchange, another gets the same event."""
    bought(stage)
    event = stop_before(stage, "swap.quoted")

    def again() -> None:
        stage.deliver(event)

    interrupted = InterruptedChain(cast("Chain", stage.swaps), "create_exchange", again)
    stage.swaps = cast("SwapProvider", interrupted)
    stage.deliver(event)
    finish(stage)
    ensure(len(made(stage)) == 1, "two exchanges were made, though no answer was lost")
    ensure_funded_once(stage)


@scenario
def a_provider_that_is_down(stage: Stage) -> None:
    """For an hour it cannot be asked about a payment."""
    shop = open_shop(stage)
    break_down(stage.fake_provider, "payment", RetryableError("503"))
    buy(stage, shop)
    pass_hours(stage, 1, step_minutes=5)
    sound(stage)
    repair(stage.fake_provider)
    wait_an_hour(stage)
    finish(stage)
    ensure_paid_once(stage, shop)


# ---- deposits ------------------------------------------------------------------------------------


@scenario
def a_deposit_that_vanishes(stage: Stage) -> None:
    """A deposit is mined, and gone with its block a moment later."""
    shop = open_shop(stage)
    buy(stage, shop)
    stage.drain()
    stage.fake_chain.reorg(1, drop=True)
    pass_minutes(stage, 6)
    ensure(not stage.signer.signed, "a payout of money that never arrived was signed")


@scenario
def a_deposit_named_twice(stage: Stage) -> None:
    """The provider names one transaction for two payments."""
    shop, other = open_shop(stage), stage.open_shop(2)
    payment = buy(stage, shop)
    tx_hash = stage.fake_provider.payments[payment]["payout_hash"]
    invoice = stage.order(BEN, other)
    fields = {"outcome_amount": "0.0025", "payout_hash": tx_hash}
    stage.call_back(stage.fake_provider.pay(invoice, "finished", **fields))
    finish(stage)
    amount = held(stage, shop.destination) + held(stage, other.destination)
    ensure(amount == SHARE, "one deposit paid two owners", amount)


# ---- transfers -----------------------------------------------------------------------------------


@scenario
def a_death_with_a_nonce(stage: Stage) -> None:
    """The process dies when it has signed, and nothing of that is stored."""

    def die() -> None:
        raise KilledError("while signing")

    stage.signer = InterruptedSigner([die])
    shop = open_shop(stage)
    buy(stage, shop)
    finish(stage)
    ensure({one.nonce for one in stage.signer.signed} == {0}, "one transfer took two nonces")
    ensure_paid_once(stage, shop)


@scenario
def a_transfer_that_is_stuck(stage: Stage) -> None:
    """Gas gets dearer than we pay, and cheap again once a higher price is signed."""
    event = sent(stage)
    spike(stage)
    until(stage, lambda: len(stage.signer.signed) == 2)
    calm(stage)
    finish(stage)
    destination = value(
        stage, f"SELECT destination FROM transfers WHERE id = '{event.transfer_id}'"
    )
    ensure(held(stage, destination) == SHARE, "the owner got another amount than is owed")


@scenario
def a_transfer_that_is_refused_on_chain(stage: Stage) -> None:
    """It is mined, and its receipt says that it failed."""
    sent(stage)
    destination = value(stage, "SELECT destination FROM transfers")
    stage.fake_chain.reverting.add(destination)
    finish(stage)
    ensure("settled" not in state_of(stage, "payouts"), "a payout that never arrived is settled")


@scenario
def a_receipt_that_vanishes(stage: Stage) -> None:
    """A transfer is mined, looked at, and gone with its block."""
    event = sent(stage)
    stage.fake_chain.mine()
    stage.deliver(event)
    stage.fake_chain.reorg(1, drop=True)
    finish(stage)
    destination = value(stage, "SELECT destination FROM transfers")
    ensure(held(stage, destination) == SHARE, "the owner got another amount than is owed")


@scenario
def somebody_else_has_the_key(stage: Stage) -> None:
    """A transaction that we never made is mined on our nonce, before we sign anything."""
    event = purchase(stage, "transfer.requested")
    stage.fake_chain.spend_elsewhere(WALLET, 0)
    stage.fake_chain.mine()
    stage.deliver(event)
    pass_minutes(stage, 5)
    ensure(not stage.signer.signed, "signed with a key that somebody else uses")


@scenario
def an_operator_stops_all_sends(stage: Stage) -> None:
    """The kill switch is thrown before a purchase, and put back."""
    shop = open_shop(stage)
    stop_sends(stage)
    buy(stage, shop)
    pass_minutes(stage, 8)
    ensure(not stage.signer.signed, "signed while all sends were stopped")
    allow_sends(stage)
    finish(stage)
    ensure_paid_once(stage, shop)


@scenario
def two_owners_money_in_one_wallet(stage: Stage) -> None:
    """One owner is paid, while another's money lies beside it and waits."""
    shop = open_shop(stage)
    others_money(stage)
    buy(stage, shop)
    pass_minutes(stage, 8)
    sound(stage)
    ensure_paid_once(stage, shop)
    free_others_money(stage)
    finish(stage)


@scenario
def a_payout_asked_for_again(stage: Stage) -> None:
    """A payout is on its way when its channel is asked to pay out once more."""
    shop = open_shop(stage)
    others_money(stage)
    buy(stage, shop)
    until(stage, lambda: "sent" in state_of(stage, "transfers"))
    stage.deliver(PayoutRequested(channel_id=shop.channel_id))
    pass_minutes(stage, 5)
    sound(stage)
    ensure_paid_once(stage, shop)
    free_others_money(stage)
    finish(stage)


# ---- swaps ---------------------------------------------------------------------------------------


@scenario
def a_promise_that_ends(stage: Stage) -> None:
    """A funding waits so long to be signed that its exchange's promise is over."""
    event = purchase(stage, "transfer.authorized", target=BITCOIN)
    leave(stage, -60)
    stage.deliver(event)
    finish(stage)
    ensure(funded(stage) == made(stage)[1:], "an exchange was funded after its promise")


@scenario
def an_answer_that_names_another_payee(stage: Stage) -> None:
    """The exchange that was made pays to somebody else's address."""
    stage.fake_swaps.alter_next_echo(payout_address=OTHER_BITCOIN.address)
    bought(stage)
    finish(stage)
    ensure(not funded(stage), "an exchange that pays somebody else was funded")


@scenario
def an_answer_that_is_lost(stage: Stage) -> None:
    """An exchange is made, and nobody knows; another owner's money would do for a second one."""
    others_money(stage)
    bought(stage)
    lost = UnknownOutcomeError("the connection broke")
    stage.fake_swaps.fail_next("create_exchange", lost, after_effect=True)
    pass_minutes(stage, 8)
    sound(stage)
    ensure_funded_once(stage)
    free_others_money(stage)
    finish(stage)


@scenario
def a_refund_that_never_came(stage: Stage) -> None:
    """The provider says *refunded* and names a transaction that is not on the chain."""
    exchange = swapping(stage)
    stage.exchanges_go_on = True
    stage.fake_swaps.advance(exchange.echo.id, "refunded", refund_hash="0x" + "ab" * 32)
    pass_minutes(stage, 8)
    sound(stage)
    ensure_funded_once(stage)


@scenario
def a_refund_that_is_in_the_books(stage: Stage) -> None:
    """The provider says *refunded* and names what came from it long ago, as a deposit."""
    exchange = swapping(stage)
    stage.exchanges_go_on = True
    [deposit] = column(stage, "SELECT deposit_hash FROM payments")
    stage.fake_swaps.advance(exchange.echo.id, "refunded", refund_hash=deposit)
    pass_minutes(stage, 8)
    sound(stage)
    ensure_funded_once(stage)


@scenario
def a_cancel_that_wins(stage: Stage) -> None:
    """A funding is stuck until its promise ends; the cancel on its nonce is mined."""
    have_patience(stage)
    check = sent(stage, target=BITCOIN)
    spike(stage)
    stage.queue.clear()
    leave(stage, stage.policy.swap_cancel_seconds - 1)
    handle(stage, TransferCheckDue(transfer_id=check.transfer_id))
    until(stage, lambda: "returned" in state_of(stage, "payouts"))
    calm(stage)
    wait_an_hour(stage)  # at that price of gas the next payout was not worth sending
    finish(stage)
    ensure_funded_once(stage)


@scenario
def an_operator_takes_a_transfer_back(stage: Stage) -> None:
    """The wish comes while the chain is looked at; the cancel is signed and wins."""
    have_patience(stage)
    check = sent(stage)
    spike(stage)
    stage.queue.clear()
    inner, by = stage.chain, Operator("operator:ann", "this is a test")
    wish = partial(cancel_transfer, stage, check.transfer_id, by)
    stage.chain = cast("Chain", InterruptedChain(inner, "mined_nonce", wish))
    handle(stage, check)
    stage.chain = inner
    for _ in range(5):
        stage.drain()
        stage.tick()
    signed = [one.amount.base_units for one in stage.signer.signed]
    ensure(signed[1:] == [0], "what was to be taken back was not cancelled", signed)
    until(stage, lambda: "returned" in state_of(stage, "payouts"))
    calm(stage)
    wait_an_hour(stage)  # at that price of gas the next payout was not worth sending
    finish(stage)


@scenario
def an_owner_who_moves(stage: Stage) -> None:
    """The owner's address changes while an exchange that pays to the old one waits for money."""
    event = purchase(stage, "transfer.requested", target=BITCOIN)
    change(stage, f"UPDATE channels SET payout_address = '{OTHER_BITCOIN.address}'")
    stage.deliver(event)
    finish(stage)
    payees = {one.echo.payout_address for one in funded(stage)}
    ensure(payees == {OTHER_BITCOIN.address}, "paid to an address that its owner has left", payees)


# ---- donations -----------------------------------------------------------------------------------


def _donors_keypad(stage: Stage, user_id: int) -> tuple[int, dict[Key, str]]:
    """A keypad of this person's; the id of its message, and what its buttons carry."""
    stage.fake_messenger.add_person(user_id)
    [link] = column(stage, "SELECT link_id FROM broadcasts WHERE kind = 'donation'")
    stage.update(user_id, OpenDonation(link))
    stage.drain()
    shown = stage.fake_messenger.messages_to(user_id)[-1].keyboard
    carried = [str(button.callback_data) for row in shown for button in row]
    buttons = {Key(data.rpartition(":")[2]): data for data in carried}
    return len(stage.fake_messenger.messages), buttons


def _press(stage: Stage, user_id: int, message_id: int, data: str) -> None:
    stage.update(user_id, Press(f"press {stage.updates}", message_id, data))


@scenario
def a_donation(stage: Stage) -> None:
    """Somebody donates ten dollars, and is not let in for it."""
    open_shop(stage)
    message_id, buttons = _donors_keypad(stage, ANN)
    for key in (Key.ONE, Key.ZERO, Key.CONFIRM):
        _press(stage, ANN, message_id, buttons[key])
    [invoice] = stage.fake_provider.invoices
    stage.finish(invoice)
    finish(stage)


@scenario
def a_keypad_that_somebody_else_presses(stage: Stage) -> None:
    """A donor types an amount, and a stranger sends what the donor's buttons carry."""
    open_shop(stage)
    message_id, buttons = _donors_keypad(stage, ANN)
    for key in (Key.ONE, Key.ZERO):
        _press(stage, ANN, message_id, buttons[key])
    _press(stage, STRANGER, message_id, buttons[Key.NINE])
    _press(stage, ANN, message_id, buttons[Key.CONFIRM])
    finish(stage)
    prices = column(stage, "SELECT price_cents FROM orders")
    ensure(prices == [1_000], "a donor ordered what somebody else typed", prices)
