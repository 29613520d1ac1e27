"""Make one account of an owner's in the dashboard and theirs in Telegram, by a one-time code."""

from uuid import UUID

from shared_lib.domain.account import (
    LINK_CODE_LIFETIME,
    OwnerAccount,
    TokenPurpose,
    token_digest,
)
from shared_lib.domain.notice import NoticeKind
from shared_lib.domain.offer import CHANNELS_PER_ACCOUNT_MOST
from shared_lib.ports import Ports, Transaction
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.owning import audit_owner
from shared_lib.usecases.telling import tell
from shared_lib.usecases.words.phrases import Phrase

_PURPOSE = TokenPurpose.TELEGRAM_LINK


def issue_link_code(ports: Ports, account_id: UUID) -> str:
    """A code for one account, which its owner sends to the bot; an earlier one is good no more.

    It has 128 random bits, is good for 15 minutes, and is kept nowhere.
    """
    code, now = ports.ids.offer_link(), ports.clock.now()
    with ports.database.transaction() as tx:
        tx.people.lock_accounts([account_id])
        tx.people.add_token(token_digest(code), _PURPOSE, account_id, now, now + LINK_CODE_LIFETIME)
    return code


def link_account(ports: Ports, tx: Transaction, visit: Visit, code: str) -> None:
    """Tie whoever sends the code to the account that it was made for, and tell them.

    What began in Telegram alone becomes part of that account. A Telegram account that belongs to
    another login, and a login that belongs to another Telegram account, are refused. Without a code
    they are told how to get one.
    """
    phrase = _answer(ports, tx, visit, code) if code else Phrase.LINK_HOW
    facts = {"phrase": phrase.value}
    tell(ports, tx, visit.person.id, NoticeKind.LINK, visit.key, facts)


def _answer(ports: Ports, tx: Transaction, visit: Visit, code: str) -> Phrase:
    wanted = tx.people.token_account(token_digest(code), _PURPOSE, visit.now)
    return Phrase.LINK_UNKNOWN if wanted is None else _linked(ports, tx, visit, wanted, code)


def _linked(ports: Ports, tx: Transaction, visit: Visit, wanted: UUID, code: str) -> Phrase:
    theirs = tx.people.account_of(visit.person.id)
    # Accounts are locked in one order, whoever asks.
    ids = sorted({wanted, theirs or wanted})
    accounts = {one.id: one for one in tx.people.lock_accounts(ids)}
    target, began = accounts[wanted], accounts.get(theirs) if theirs else None
    refusal = _refusal(tx, visit.person.id, target, began)
    if refusal is not None:
        return refusal
    if not tx.people.use_token(token_digest(code), visit.now):
        return Phrase.LINK_UNKNOWN
    if began is not None and began.id != target.id:
        tx.people.join_accounts(began.id, target.id)
    tx.people.tie(target.id, visit.person.id)
    joined = "" if began is None or began.id == target.id else str(began.id)
    subject = ("account", str(target.id))
    audit_owner(ports, tx, target.id, "link_account", subject, joined=joined)
    return Phrase.LINK_DONE


def _refusal(
    tx: Transaction, telegram_user_id: int, target: OwnerAccount, began: OwnerAccount | None
) -> Phrase | None:
    if target.telegram_user_id not in (None, telegram_user_id):
        return Phrase.LINK_OTHER_TELEGRAM
    if began is None or began.id == target.id:
        return None
    if began.email is not None:
        return Phrase.LINK_OTHER_LOGIN
    owned = tx.channels.count(began.id) + tx.channels.count(target.id)
    return Phrase.PROBLEM_TOO_MANY if owned > CHANNELS_PER_ACCOUNT_MOST else None
