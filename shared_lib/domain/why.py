"""Why something stands where it stands, what happens next, and by when.

What is said is looked up by the most telling fact: first what a person has to look at, then what a
payout waits for, then the state itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared_lib.domain.credit import CreditState
from shared_lib.domain.membership import MembershipState
from shared_lib.domain.payment import PaymentStatus
from shared_lib.domain.payout import PayoutState, WaitingFor
from shared_lib.domain.review import Action, Reason, Subject, safe_actions
from shared_lib.domain.share import ShareState
from shared_lib.domain.swap import SwapState
from shared_lib.domain.transfer import TransferState


class Explained(StrEnum):
    """What can be asked about."""

    PAYMENT = "payment"
    PAYOUT = "payout"
    MEMBERSHIP = "membership"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. Without any of the three nobody sees anything.

    An owner sees what concerns the account's channels, a person what concerns themselves, and an
    operator everything.
    """

    account_id: UUID | None = None
    telegram_user_id: int | None = None
    is_operator: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where something stands.

    A payment that finished stands where its owner's share does. `step` is the state of a payout's
    swap or transfer. `carried_by` is the payout that a share is in. `reasons` are those of open
    review items, oldest first. `ends_at` is the end of a membership's access.
    """

    kind: Explained
    state: str
    reasons: tuple[Reason, ...] = ()
    waiting_for: WaitingFor | None = None
    step: str | None = None
    deadline_at: datetime | None = None
    carried_by: UUID | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """The answer. `because` and `next` are whole sentences.

    `by` is when it has happened, or a person looks at it; None where nothing is waited for, or no
    time binds it. `actions` are what an operator may try; nobody else hears of them.
    """

    state: str
    because: str
    next: str
    by: datetime | None
    reasons: tuple[Reason, ...]
    carried_by: UUID | None
    actions: tuple[Action, ...] = ()


Words = tuple[str, str]
# A payment that was kept for its payer stands where that credit does.
CREDIT = "credit_"

_CALLED = "The provider calls us, and we ask it again."
_SEE_PAYOUT = "The payout that it is in says more."
_NOTHING = "Nothing is left to do."
_AGAIN = "To try again, the payer opens the offer once more."
_PERSON = "An operator decides; nothing is lost meanwhile."
_RETRY = "It is tried again by itself."

PAYMENT_WORDS: dict[str, Words] = {
    PaymentStatus.WAITING: ("The provider waits for the payer's money.", _CALLED),
    PaymentStatus.CONFIRMING: ("The payer's transaction is being confirmed.", _CALLED),
    PaymentStatus.CONFIRMED: ("The payer's transaction is confirmed.", _CALLED),
    PaymentStatus.SENDING: ("The provider is sending the money to our wallet.", _CALLED),
    PaymentStatus.EXPIRED: ("Nothing arrived in time.", f"{_AGAIN} What still arrives counts."),
    PaymentStatus.FAILED: ("The provider says that it failed.", _AGAIN),
    PaymentStatus.PARTIALLY_PAID: ("Less than the price arrived.", _PERSON),
    f"{CREDIT}{CreditState.OPEN}": (
        "Less than the price arrived; it is kept for the payer.",
        "The payer pays the rest, or gets the days that it is worth.",
    ),
    f"{CREDIT}{CreditState.TO_REFUND}": (
        "It is kept for the payer, and waits to be given back.",
        _PERSON,
    ),
    f"{CREDIT}{CreditState.TAKEN}": ("The rest was paid, and access was given.", _RETRY),
    f"{CREDIT}{CreditState.REFUNDED}": ("An operator gave it back to the payer.", _NOTHING),
    f"{CREDIT}{CreditState.WITHDRAWN}": (
        "The provider gave the money back to the payer.",
        _NOTHING,
    ),
    PaymentStatus.FINISHED: ("It is paid, and what it pays for was given.", _NOTHING),
    PaymentStatus.REFUNDED: ("The provider gave the money back to the payer.", _NOTHING),
    PaymentStatus.REVIEW: ("It is not as the order asked.", _PERSON),
    ShareState.EXPECTED: (
        "It is paid, and what it pays for was given; its deposit is not yet deep in the chain.",
        "Once it is, the owner's part can be paid out.",
    ),
    ShareState.PENDING: ("The owner's part waits for the next payout.", _RETRY),
    ShareState.CONVERTING: ("The owner's part is being converted into USDT.", _SEE_PAYOUT),
    ShareState.HELD: (
        "The owner's part is held in USDT, as the owner collects.",
        "It is paid out when the channel's threshold is reached, or when the owner asks for it.",
    ),
    ShareState.LOCKED: ("The owner's part is in a payout.", _SEE_PAYOUT),
    ShareState.PAID: ("The owner's part was paid out.", _NOTHING),
    ShareState.REVERSED: ("The payer got the money back before it was paid out.", _NOTHING),
}

PAYOUT_WORDS: dict[str, Words] = {
    PayoutState.FORMING: ("Shares are being taken together.", _RETRY),
    PayoutState.WAITING: ("It waits.", _RETRY),
    PayoutState.SWAPPING: ("It is being swapped into the owner's coin.", _RETRY),
    PayoutState.SENDING: ("Its transfer is on the way.", _RETRY),
    PayoutState.SETTLED: ("The owner has the money.", _NOTHING),
    PayoutState.RETURNED: ("Its money came back.", "Its shares are in the next payout."),
    PayoutState.REVIEW: ("Something about it was not as it should be.", _PERSON),
}

# What a payout's swap or transfer is doing says more than the payout's own state.
STEP_WORDS: dict[str, Words] = {
    SwapState.QUOTING: (
        "The swap provider is asked for a rate.",
        "With a rate, an exchange is made.",
    ),
    SwapState.QUOTED: (
        "A rate is promised.",
        "An exchange is made for it.",
    ),
    SwapState.CREATING: (
        "An exchange is asked for.",
        "When its answer agrees with what was asked, it is paid for.",
    ),
    SwapState.CREATED: (
        "An exchange is made.",
        "Our transfer to it is checked and signed.",
    ),
    SwapState.FUNDED: (
        "The exchange has our money, or is about to.",
        "It sends the owner's coin, or the money back.",
    ),
    TransferState.REQUESTED: (
        "Its transfer is being checked.",
        "If every check holds, it is authorised.",
    ),
    TransferState.AUTHORIZED: (
        "Its transfer is authorised.",
        "It is signed when a place in the wallet's order is free.",
    ),
    TransferState.SIGNING: ("Its transfer is being signed.", _RETRY),
    TransferState.SENT: (
        "Its transfer is with the network.",
        "A block takes it; if none does, its price is raised.",
    ),
    TransferState.MINED: (
        "Its transfer is in a block.",
        "When that block is deep enough, it counts.",
    ),
}

WAITING_WORDS: dict[WaitingFor, Words] = {
    WaitingFor.COST_TOO_HIGH: (
        "Sending it now would cost too much of it.",
        "It goes when that costs less, or when more has come together.",
    ),
    WaitingFor.BELOW_MINIMUM: (
        "It is less than the swap provider takes.",
        "It goes when more has come together.",
    ),
    WaitingFor.ABOVE_MAXIMUM: ("It is more than the swap provider takes.", _RETRY),
    WaitingFor.PAIR_UNAVAILABLE: ("The owner's coin cannot be swapped into just now.", _RETRY),
    WaitingFor.QUOTE_OFF_MARKET: ("The offered rate is too far from the market's.", _RETRY),
    WaitingFor.ADDRESS_REFUSED: (
        "The swap provider does not pay to the owner's address.",
        "The owner changes the wallet, or the provider takes it later.",
    ),
    WaitingFor.DESTINATION_CHANGED: ("The owner changed the wallet.", "It forms anew for that."),
    WaitingFor.NONCE_LOST: ("Its transfer had to give way to another.", "It forms anew."),
    WaitingFor.RELEASED: ("An operator let it go on.", "It forms anew."),
    WaitingFor.PROVIDER: ("The node or the swap provider does not answer.", _RETRY),
    WaitingFor.DAY_CAP: (
        "As much as may leave within 24 hours has left.",
        "It goes when there is room again.",
    ),
}

MEMBERSHIP_WORDS: dict[str, Words] = {
    MembershipState.NONE: ("Nothing was bought or granted.", "An offer opens the way in."),
    MembershipState.ACTIVE: ("Access runs.", "It ends, unless it is renewed before."),
    MembershipState.ENDED: ("Access is over.", "Buying again opens it again."),
    MembershipState.REMOVING: ("Access is over, and the person is taken out.", _RETRY),
    MembershipState.REMOVED: ("Access is over, and the person was taken out.", "Buying opens it."),
    MembershipState.BLOCKED: (
        "The channel's owner has blocked the person.",
        "Nothing, until the owner lifts that.",
    ),
}
_FOR_LIFE: Words = ("Access runs for life.", _NOTHING)

REVIEW_WORDS: dict[Reason, str] = {
    Reason.UNKNOWN_ORDER: "The payment names no order of ours.",
    Reason.PAID_IN_PART: "Less than the price arrived.",
    Reason.REPEATED_DEPOSIT: "More money came for a payment that was over.",
    Reason.PAYER_BLOCKED: "The channel's owner has blocked the payer.",
    Reason.WRONG_ASSET: "The money came in another coin than agreed.",
    Reason.BAD_AMOUNT: "The provider names an amount that cannot be.",
    Reason.PROVIDER_DISAGREES: "The provider says one thing in its call and another when asked.",
    Reason.REFUNDED_AFTER_FINISH: "The payer got the money back after access was given.",
    Reason.DEPOSIT_DIFFERS: "What arrived differs from what was announced.",
    Reason.DEPOSIT_COUNTED_TWICE: "The same deposit is named for two payments.",
    Reason.FAILING_FOR_A_DAY: "It has failed for a day.",
    Reason.REFUSED_BY_PROVIDER: "The other side refuses it for good.",
    Reason.OVERDUE: "It has taken longer than it should.",
    Reason.TRANSFER_REFUSED: "A check before signing does not hold.",
    Reason.TRANSFER_REVERTED: "The transfer was taken into a block and failed there.",
    Reason.TRANSFER_MOVED_NOTHING: "The transfer was taken into a block and moved nothing.",
    Reason.FOREIGN_NONCE: "Somebody else has used our wallet's key.",
    Reason.NOTIONAL_TOO_HIGH: "It would be worth far more than was paid.",
    Reason.ECHO_DIFFERS: "The swap provider repeats another order than ours.",
    Reason.SWAP_PAID_LESS: "The swap brought less than was promised.",
    Reason.SWAP_PAID_AGAIN: "The swap provider sent money twice.",
    Reason.REFUND_COUNTED_TWICE: "The same money back is named for two swaps.",
    Reason.DAY_CAP_REACHED: "As much as may leave within 24 hours has left.",
    Reason.BOOKS_DIFFER: "Wallet and books do not agree.",
    Reason.CONVERSION_COUNTED_TWICE: "The same result is named for two conversions.",
    Reason.TOO_MANY_REMOVALS: "More people than usual are to be removed from the channel.",
    Reason.RETURNED_TOO_OFTEN: "The money has come back too often.",
}

_FINAL: dict[Explained, frozenset[str]] = {
    Explained.PAYMENT: frozenset(
        {
            ShareState.PAID,
            ShareState.REVERSED,
            f"{CREDIT}{CreditState.REFUNDED}",
            f"{CREDIT}{CreditState.WITHDRAWN}",
        }
    ),
    Explained.PAYOUT: frozenset({PayoutState.SETTLED, PayoutState.RETURNED}),
    Explained.MEMBERSHIP: frozenset({MembershipState.NONE, MembershipState.BLOCKED}),
}
# What the list of findings calls it; access has none of its own.
_SUBJECTS = {Explained.PAYMENT: Subject.PAYMENT, Explained.PAYOUT: Subject.PAYOUT}
_STATE_WORDS = {
    Explained.PAYMENT: PAYMENT_WORDS,
    Explained.PAYOUT: PAYOUT_WORDS,
    Explained.MEMBERSHIP: MEMBERSHIP_WORDS,
}


def sentences() -> frozenset[str]:
    """Everything that an answer can say, for those who say it in another language."""
    tables = (PAYMENT_WORDS, PAYOUT_WORDS, STEP_WORDS, WAITING_WORDS, MEMBERSHIP_WORDS)
    pairs = [words for table in tables for words in table.values()]
    said = {sentence for words in (*pairs, _FOR_LIFE) for sentence in words}
    return frozenset({*said, *REVIEW_WORDS.values(), _PERSON})


def why(standing: Standing) -> Why:
    """Put into words where something stands."""
    because, then = _words(standing)
    if standing.kind is Explained.MEMBERSHIP:
        by = standing.ends_at
    else:
        by = None if _is_final(standing) else standing.deadline_at
    actions = _actions(standing)
    return Why(standing.state, because, then, by, standing.reasons, standing.carried_by, actions)


def _actions(standing: Standing) -> tuple[Action, ...]:
    """What is safe for all that was found, each once, in the order of the findings."""
    subject = _SUBJECTS.get(standing.kind)
    if subject is None:
        return ()
    found = [action for reason in standing.reasons for action in safe_actions(subject, reason)]
    return tuple(dict.fromkeys(found))


def _is_final(standing: Standing) -> bool:
    return standing.state in _FINAL[standing.kind]


def _words(standing: Standing) -> Words:
    if standing.reasons and not _is_final(standing):
        return REVIEW_WORDS[standing.reasons[0]], _PERSON
    if standing.waiting_for is not None:
        return WAITING_WORDS[standing.waiting_for]
    if standing.state == MembershipState.ACTIVE and standing.ends_at is None:
        return _FOR_LIFE
    words = _STATE_WORDS[standing.kind][standing.state]
    if standing.state in (PayoutState.SWAPPING, PayoutState.SENDING):
        return STEP_WORDS.get(standing.step or "", words)
    return words
