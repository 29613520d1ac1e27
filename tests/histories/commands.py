"""What owners and operators decide, by the use cases that their pages call."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from shared_lib.domain.operator import ActionRefusedError, Evidence, Operator
from shared_lib.domain.payment import ACCEPTABLE
from shared_lib.domain.review import Reason
from shared_lib.usecases.cancel_transfer import cancel_transfer
from shared_lib.usecases.change_access import AccessChange, change_access
from shared_lib.usecases.grant_access import Grant, grant_access
from shared_lib.usecases.refund_payment import refund_payment
from shared_lib.usecases.release_credit import release_credit
from shared_lib.usecases.release_payment import release_payment
from shared_lib.usecases.release_payout import release_payout
from shared_lib.usecases.request_payout import request_payout
from shared_lib.usecases.reverse_payment import reverse_payment
from tests.histories.machine import BUYERS, Machine, rule
from tests.world import Shop

BY = Operator("operator:ann", "this is a test")
PROOF = Evidence("the provider's receipt 4711")


def command(machine: Machine, act: Callable[[], object]) -> None:
    """Somebody gives a command, again until it is answered; a refusal is an answer."""

    def answered() -> None:
        with suppress(ActionRefusedError):
            machine.world._flushing(act)

    machine.request(answered)


def account_of(machine: Machine, shop: Shop) -> UUID:
    """Whose channel it is."""
    [row] = machine.world.rows(f"SELECT account_id FROM channels WHERE id = '{shop.channel_id}'")
    found: UUID = row["account_id"]
    return found


@rule(2)
def grant_by_hand(machine: Machine) -> bool:
    """To somebody who may never have started the bot."""
    world, shop = machine.world, machine.dice.choice(machine.shops)
    grant = Grant(world.ids.new(), machine.dice.choice(BUYERS), machine.dice.choice((1, 30)))
    account = account_of(machine, shop)
    command(machine, lambda: grant_access(world, account, shop.channel_id, grant))
    return True


@rule(2)
def end_access_by_hand(machine: Machine) -> bool:
    """Or let somebody buy again."""
    world, shop = machine.world, machine.dice.choice(machine.shops)
    account, person = account_of(machine, shop), machine.dice.choice(BUYERS)
    wish = machine.dice.choice(tuple(AccessChange))
    machine.strike(f"owner wants to {wish.value}")
    command(machine, lambda: change_access(world, account, shop.channel_id, person, wish))
    return True


@rule(1)
def ask_for_what_is_held(machine: Machine) -> bool:
    world, shop = machine.world, machine.dice.choice(machine.shops)
    account = account_of(machine, shop)
    command(machine, lambda: request_payout(world, account, shop.channel_id))
    return True


@rule(4)
def decide_about_a_part(machine: Machine) -> bool:
    """An operator gives it back, or lets it become days; also what nobody asked about."""
    rows = machine.world.rows(
        "SELECT p.id, p.provider_payment_id AS number FROM payer_credits c "
        "JOIN payments p ON p.id = c.payment_id"
    )
    if not rows:
        return False
    payment: UUID = machine.pick(rows, _number)["id"]
    if machine.chance(50):
        command(machine, lambda: refund_payment(machine.world, payment, PROOF, BY))
    else:
        command(machine, lambda: release_credit(machine.world, payment, BY))
    return True


def _number(row: dict[str, Any]) -> object:
    return row["number"]


@rule(2)
def release_what_rests(machine: Machine) -> bool:
    """A payout in review, once an operator has looked."""
    rows = machine.world.rows("SELECT id FROM payouts WHERE state = 'review'")
    if not rows:
        return False
    payout: UUID = machine.pick(rows)["id"]
    command(machine, lambda: release_payout(machine.world, payout, BY))
    return True


@rule(3)
def decide_about_a_payment(machine: Machine) -> bool:
    """One in review goes on, with what was found let pass or not, or is taken out of the books.

    Taken out is only what never came: an operator looks at the chain first.
    """
    rows = machine.world.rows(
        "SELECT p.id, p.provider_payment_id AS number, EXISTS (SELECT FROM review_items r "
        "WHERE r.subject_id = p.id::text AND r.closed_at IS NULL AND r.reason IN "
        "('deposit_differs', 'notional_too_high')) AS has_come "
        "FROM payments p WHERE p.status = 'review'"
    )
    if not rows:
        return False
    row = machine.pick(rows, _number)
    payment: UUID = row["id"]
    if machine.chance(30) and not row["has_come"]:
        command(machine, lambda: reverse_payment(machine.world, payment, PROOF, BY))
    else:
        accepted = ACCEPTABLE if machine.chance(50) else frozenset[Reason]()
        command(machine, lambda: release_payment(machine.world, payment, BY, accepted))
    return True


@rule(2)
def take_a_transfer_back(machine: Machine) -> bool:
    """Or try to: the chain decides."""
    rows = machine.world.rows("SELECT id FROM transfers WHERE state = 'sent'")
    if not rows:
        return False
    transfer: UUID = machine.pick(rows)["id"]
    command(machine, lambda: cancel_transfer(machine.world, transfer, BY))
    return True
