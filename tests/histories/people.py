"""What buyers, strangers and the payment provider do."""

import json
from collections import Counter
from functools import partial
from typing import Any

from shared_lib.domain.money import ETH, Money, format_amount, parse_amount
from shared_lib.domain.update import (
    AskAccess,
    AskRefund,
    AskStatus,
    AskToJoin,
    Greet,
    Intent,
    LeaveChat,
    OpenOffer,
)
from shared_lib.ports import Person
from shared_lib.usecases.handle_update import handle_update
from shared_lib.usecases.receive_callback import CallbackAnswer, receive_callback
from tests.histories.machine import BUYERS, STRANGERS, Asked, Callback, Machine, Sale, rule

# What reaches our wallet for each tier's price, at 4,000 USD for an ETH; or a little less.
PAID = (("0.0025", "0.00249", "0.002500000987654321"), ("0.005", "0.0049", "0.004999999999999999"))
DEAREST = parse_amount("0.005", ETH).base_units
WEI_PER_CENT = 25 * 10**11
# How an invoice for the rest of a price is called.
REST = "the rest of the price"
UNDER_WAY = ("waiting", "confirming", "confirmed", "sending")
ELSEWHERE = "0x8ba1f109551bD432803012645Ac136ddd64DBA72"
# A thousandth of the amount is tolerated, and ten times as much is not.
SHORT, TOO_SHORT = 10_000, 100


# ---- updates -------------------------------------------------------------------------------------


def update(machine: Machine, user_id: int, intent: Intent) -> None:
    """A new update from Telegram, which is repeated until it is answered."""
    world = machine.world
    world.fake_messenger.add_person(user_id)
    world.updates += 1
    machine.asked.append(Asked(world.updates, user_id, intent))
    person = Person(user_id, f"User {user_id}", None, "en")
    answer = partial(handle_update, world, world.updates, person, intent)
    machine.request(lambda: world._flushing(answer))


@rule(9)
def open_an_offer(machine: Machine) -> bool:
    """A first purchase, a second tap, or a renewal."""
    dice = machine.dice
    links = dice.choice(machine.shops).registered.offer_links
    update(machine, dice.choice(BUYERS), OpenOffer(dice.choice(links)))
    return True


@rule(1)
def talk_to_the_bot(machine: Machine) -> bool:
    orders = [one.order_id for one in machine.world.fake_provider.invoices.values()]
    asked = machine.pick([*orders, None])
    intent: Intent = AskStatus(asked) if machine.chance(50) else Greet()
    update(machine, machine.dice.choice((*BUYERS, *STRANGERS)), intent)
    return True


@rule(8)
def repeat_what_was_not_answered(machine: Machine) -> bool:
    """Telegram and the provider ask again after an answer that was none."""
    if not machine.repeats:
        return False
    act = machine.repeats.pop(machine.dice.randrange(len(machine.repeats)))
    machine.request(act)
    return True


# ---- payments ------------------------------------------------------------------------------------


@rule(20)
def pay_an_invoice(machine: Machine) -> bool:
    """As it should be: the money arrives, and the provider says so."""
    sale = _begin(machine)
    if sale is None:
        return False
    _finish(machine, sale, _deposited(machine, sale))
    return True


@rule(3)
def begin_to_pay(machine: Machine) -> bool:
    sale = _begin(machine)
    if sale is None:
        return False
    machine.world.fake_provider.set_status(sale.payment_id, machine.dice.choice(UNDER_WAY))
    _call_back(machine, sale)
    return True


@rule(8)
def finish_a_payment(machine: Machine) -> bool:
    """One that was begun; whatever else was said of it before, also that it had expired."""
    open_ones = [one for one in machine.sales if not one.is_finished]
    if not open_ones:
        return False
    sale = machine.pick(open_ones, _key)
    _finish(machine, sale, {} if sale.has_money else _deposited(machine, sale))
    return True


@rule(5)
def pay_a_part(machine: Machine) -> bool:
    """Less than was asked for; its money may come later, or never."""
    sale = _begin(machine)
    if sale is None:
        return False
    machine.strike("paid in part")
    tenths = machine.dice.randint(1, 9)
    whole = parse_amount(_outcome(machine, sale), ETH).base_units
    part = format_amount(Money(whole * tenths // 10, ETH))
    words = {"pay_amount": "1", "actually_paid": f"0.{tenths}", "outcome_amount": part}
    provider = machine.world.fake_provider
    provider.set_status(sale.payment_id, "partially_paid", **words)
    sale.is_part = True
    sale.announced.add(part)
    if machine.chance(80):
        provider.payments[sale.payment_id].update(_deposited(machine, sale))
    _call_back(machine, sale)
    return True


@rule(2)
def ask_for_a_refund(machine: Machine) -> bool:
    """Of one's own order or another's, whether there is anything to refund or not."""
    invoices = machine.world.fake_provider.invoices
    rests = [one.order_id for one in invoices.values() if REST in one.description]
    asked = machine.pick([*(rests or [one.order_id for one in invoices.values()]), None])
    update(machine, machine.dice.choice(BUYERS), AskRefund(asked))
    return True


@rule(3)
def finish_a_payment_strangely(machine: Machine) -> bool:
    """The provider says finished, and something about it is wrong."""
    begun = [one for one in machine.sales if not one.is_finished and not one.is_part]
    sale = machine.pick(begun, _key) if begun and machine.chance(50) else _begin(machine)
    if sale is None:
        return False
    machine.strike("payment is strange")
    _finish(machine, sale, machine.dice.choice(_STRANGE)(machine, sale))
    return True


@rule(3)
def report_another_status(machine: Machine) -> bool:
    """Any word of the provider's but finished, in any order, and one that it never used before."""
    if not machine.sales:
        return False
    sale = machine.pick(machine.sales, _key)
    words = [*UNDER_WAY, "expired", "failed", "partially_paid", "a_new_word"]
    words += ["refunded"] if machine.chance(40) else []
    machine.world.fake_provider.set_status(sale.payment_id, machine.dice.choice(words))
    _call_back(machine, sale)
    return True


@rule(1)
def refund_a_finished_payment(machine: Machine) -> bool:
    finished = [one for one in machine.sales if one.is_finished]
    if not finished or not machine.chance(50):
        return False
    sale = machine.pick(finished, _key)
    machine.strike("payment refunded after finish")
    machine.world.fake_provider.set_status(sale.payment_id, "refunded")
    _call_back(machine, sale)
    return True


@rule(6)
def send_a_late_deposit(machine: Machine) -> bool:
    """A payment that finished without a deposit gets it."""
    paid = [one for one in machine.sales if one.is_finished or one.is_part]
    late = [one for one in paid if not one.has_money]
    if not late:
        return False
    sale = machine.pick(late, _key)
    machine.world.fake_provider.payments[sale.payment_id].update(_deposited(machine, sale))
    return True


def _begin(machine: Machine) -> Sale | None:
    """Somebody starts a payment on an invoice: one that has none yet, or again."""
    invoices = machine.world.fake_provider.invoices
    begun = Counter(sale.invoice_id for sale in machine.sales)
    is_again = machine.chance(10)
    among = [one for one in invoices if is_again or not begun[one]]
    if not among:
        return None
    invoice_id = machine.pick(among, lambda one: invoices[one].order_id)
    amount = _price(machine, invoice_id)
    payment_id = machine.world.fake_provider.pay(
        invoice_id, outcome_amount=amount, payout_hash=None
    )
    key = f"{invoices[invoice_id].order_id} {begun[invoice_id]}"
    sale = Sale(key, payment_id, invoice_id)
    machine.sales.append(sale)
    return sale


def _key(sale: Sale) -> str:
    return sale.key


def _price(machine: Machine, invoice_id: str) -> str:
    """What reaches us for an invoice in full."""
    request = machine.world.fake_provider.invoices[invoice_id]
    if REST in request.description:
        return format_amount(Money(request.price_cents * WEI_PER_CENT, ETH))
    return machine.dice.choice(PAID[_tier(machine, invoice_id)])


def _tier(machine: Machine, invoice_id: str) -> int:
    return int(machine.world.fake_provider.invoices[invoice_id].price_cents > 1_000)


def _finish(machine: Machine, sale: Sale, fields: dict[str, Any]) -> None:
    """The provider says finished; now and then nobody hears it, and we have to ask."""
    provider = machine.world.fake_provider
    provider.set_status(sale.payment_id, "finished", **fields)
    sale.is_finished = True
    sale.announced.add(str(provider.payments[sale.payment_id]["outcome_amount"]))
    _call_back(machine, sale)


def _call_back(machine: Machine, sale: Sale) -> None:
    """The callback, kept to be sent again; or it is lost."""
    body, signature = machine.world.fake_provider.callback(sale.payment_id)
    status = machine.world.fake_provider.payments[sale.payment_id]["payment_status"]
    callback = Callback(f"{sale.key} {status}", body, signature)
    machine.callbacks.append(callback)
    if machine.chance(12):
        machine.strike("callback lost")
        return
    _receive(machine, callback)


def _receive(machine: Machine, callback: Callback) -> None:
    world = machine.world
    receive = partial(receive_callback, world, callback.body, callback.signature)
    machine.request(lambda: world._flushing(receive))


@rule(3)
def repeat_a_callback(machine: Machine) -> bool:
    """Any that was ever made: late, again, or in another order."""
    if not machine.callbacks:
        return False
    machine.strike("callback repeated")
    _receive(machine, machine.pick(machine.callbacks, lambda one: one.key))
    return True


@rule(1)
def forge_a_callback(machine: Machine) -> bool:
    """Somebody who does not know the secret says finished."""
    if not machine.sales:
        return False
    machine.strike("callback forged")
    fields = machine.world.fake_provider.payments[machine.pick(machine.sales, _key).payment_id]
    body = json.dumps(fields | {"payment_status": "finished", "outcome_amount": "9"}).encode()
    answer = receive_callback(machine.world, body, "0" * 128)
    assert answer is CallbackAnswer.NOT_GENUINE
    return True


# ---- deposits ------------------------------------------------------------------------------------


def _outcome(machine: Machine, sale: Sale) -> str:
    return str(machine.world.fake_provider.payments[sale.payment_id]["outcome_amount"])


def _deposited(
    machine: Machine, sale: Sale, short: int = 0, to: str | None = None
) -> dict[str, Any]:
    """What was announced leaves the provider, less a part of it; it may wait for a block."""
    sale.has_money = True
    units = parse_amount(_outcome(machine, sale), ETH).base_units
    less = units // short if short else 0
    chain = machine.world.fake_chain
    tx_hash = chain.pay(to or machine.world.policy.host_wallet, units - less)
    chain.mine(machine.dice.choice((0, 0, 1, 3, 4)))
    return {"payout_hash": tx_hash}


def _deposited_later(_machine: Machine, _sale: Sale) -> dict[str, Any]:
    return {"payout_hash": None}


def _deposited_short(machine: Machine, sale: Sale) -> dict[str, Any]:
    return _deposited(machine, sale, SHORT)


def _deposited_too_short(machine: Machine, sale: Sale) -> dict[str, Any]:
    return _deposited(machine, sale, TOO_SHORT)


def _deposited_elsewhere(machine: Machine, sale: Sale) -> dict[str, Any]:
    return _deposited(machine, sale, to=ELSEWHERE)


def _deposited_once_for_two(machine: Machine, sale: Sale) -> dict[str, Any]:
    """The provider names a transaction that it named before, or a refund, of the same amount."""
    world = machine.world
    received = world.fake_chain.received(world.policy.host_wallet)
    small = [tx_hash for tx_hash, amount in received.items() if amount <= DEAREST]
    if not small:
        return _deposited(machine, sale)
    sale.has_money = True
    tx_hash = machine.pick(small)
    amount = format_amount(Money(received[tx_hash], ETH))
    return {"payout_hash": tx_hash, "outcome_amount": amount}


def _said_otherwise(machine: Machine, sale: Sale) -> dict[str, Any]:
    fields = (
        {"outcome_currency": "usdttrc20"},
        {"outcome_amount": machine.dice.choice(("0", "-1", "2.5e-3", "much"))},
        {"parent_payment_id": 5_500_000_001},
        {"parent_payment_id": 5_500_000_001, "pay_amount": "1", "actually_paid": "0.5"},
        {"parent_payment_id": 5_500_000_001, "pay_amount": "1", "actually_paid": "0.97"},
        {"order_id": "nobody's"},
        {"payout_hash": "internal transfer"},
    )
    return _deposited(machine, sale) | machine.dice.choice(fields)


def _worth_more_than_asked(machine: Machine, sale: Sale) -> dict[str, Any]:
    """Twice the price; the provider says how much was paid, or does not."""
    amount = machine.dice.choice(("0.011", "0.0111"))
    machine.world.fake_provider.payments[sale.payment_id]["outcome_amount"] = amount
    paid = {"pay_amount": "1", "actually_paid": "5"} if machine.chance(50) else {}
    return _deposited(machine, sale) | paid


_STRANGE = (
    _deposited_later,
    _deposited_later,
    _deposited_short,
    _deposited_short,
    _deposited_too_short,
    _deposited_elsewhere,
    _deposited_once_for_two,
    _said_otherwise,
    _worth_more_than_asked,
)


# ---- the closed channels -------------------------------------------------------------------------


@rule(8)
def ask_to_join(machine: Machine) -> bool:
    """A buyer taps the newest invite, or an old one."""
    invited = {one: urls for one in BUYERS if (urls := machine.world.invite_urls(one))}
    if not invited:
        return False
    user_id = machine.pick(invited)
    urls = invited[user_id]
    url = urls[-1] if machine.chance(75) else machine.pick(urls, partial(_link_name, machine))
    return _open(machine, user_id, url)


def _link_name(machine: Machine, url: str) -> str:
    return machine.world.fake_messenger.links[url].name


@rule(2)
def ask_to_join_as_a_stranger(machine: Machine) -> bool:
    """By a link that somebody has passed on."""
    urls = list(machine.world.fake_messenger.links)
    if not urls:
        return False
    user_id = machine.dice.choice((*STRANGERS, *BUYERS))
    machine.world.fake_messenger.add_person(user_id)
    machine.strike("link passed on")
    return _open(machine, user_id, machine.pick(urls, partial(_link_name, machine)))


def _open(machine: Machine, user_id: int, url: str) -> bool:
    world = machine.world
    if world.fake_messenger.open_link(user_id, url) != "requested":
        return False
    link = world.fake_messenger.links[url]
    name = link.name if machine.chance(85) else None
    update(machine, user_id, AskToJoin(link.chat_id, name, world.clock.now()))
    return True


@rule(2)
def ask_what_is_open(machine: Machine) -> bool:
    """And get the way in again."""
    update(machine, machine.dice.choice(BUYERS), AskAccess())
    return True


@rule(1)
def change_ones_mind(machine: Machine) -> bool:
    """Leave a channel, take a request back, or block the bot and let it in again."""
    messenger, dice = machine.world.fake_messenger, machine.dice
    user_id = dice.choice(BUYERS)
    chat_id = dice.choice(machine.shops).closed_chat_id
    chat, person = messenger.chats[chat_id], messenger.people.get(user_id)
    if user_id in chat.members:
        messenger.leave(chat_id, user_id)
        if machine.chance(80):  # some word of it never comes
            update(machine, user_id, LeaveChat(chat_id, machine.world.clock.now()))
    elif user_id in chat.requests:
        messenger.withdraw_request(chat_id, user_id)
    elif person is not None:
        person.has_blocked = not person.has_blocked
        machine.strike("bot blocked" if person.has_blocked else "bot unblocked")
    else:
        return False
    return True
