"""Where payments, payouts and memberships stand, for whom it concerns."""

from collections.abc import Callable
from uuid import UUID

from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.credit import CreditState
from shared_lib.domain.payment import PaymentStatus
from shared_lib.domain.payout import WaitingFor
from shared_lib.domain.review import Reason
from shared_lib.domain.why import CREDIT, Explained, Standing, Viewer

# A viewer without an account, or without a Telegram id, is nobody's equal: in SQL, null equals
# nothing, not even null.
_MONEY = "(:sees_all OR c.account_id = CAST(:account_id AS uuid))"
_CONCERNS = f"({_MONEY} OR {{person}})"


def _reasons(*subjects: str) -> str:
    """The reasons of open review items about these subjects, oldest first."""
    about = " OR ".join(subjects)
    return (
        "ARRAY(SELECT r.reason FROM review_items r WHERE r.closed_at IS NULL "
        f"AND ({about}) ORDER BY r.opened_at, r.reason) AS reasons"
    )


def _about(kind: str, ids: str) -> str:
    return f"(r.subject_kind = '{kind}' AND r.subject_id IN ({ids}))"


# A share's payout is the one that carries it; while it is in none, the one that waits to take it.
_PAYMENT = f"""
SELECT p.status, s.state AS share_state, {_MONEY} AS sees_money, p.deadline_at, p.received,
    k.state AS credit_state, k.payable_until,
    payout.id AS payout_id, payout.deadline_at AS payout_deadline_at,
    s.deadline_at AS share_deadline_at,
    coalesce(payout.waiting_for, CASE WHEN s.failures > 0 THEN 'provider' END) AS waiting_for,
    {_reasons(_about("payment", "p.id::text"), _about("share", "s.id::text"))}
FROM payments p
LEFT JOIN orders o ON o.id = p.order_id
LEFT JOIN channels c ON c.id = o.channel_id
LEFT JOIN shares s ON s.payment_id = p.id AND s.kind = 'payment'
LEFT JOIN payer_credits k ON k.payment_id = p.id
LEFT JOIN LATERAL (
    SELECT one.* FROM payouts one
    LEFT JOIN payout_shares link ON link.payout_id = one.id AND link.share_id = s.id
        AND link.released_at IS NULL AND link.part IS NULL
    WHERE (s.state IN ('locked', 'converting', 'paid') AND link.share_id IS NOT NULL)
    OR (one.state = 'waiting' AND one.asset = s.asset AND (
        (s.state = 'pending' AND one.channel_id IS NOT DISTINCT FROM
            CASE c.strategy WHEN 'instant' THEN c.id END)
        OR (s.state = 'held' AND one.channel_id = c.id)))
    ORDER BY one.created_at DESC LIMIT 1) AS payout ON true
WHERE p.id = :id AND {_CONCERNS.format(person="o.telegram_user_id = CAST(:person AS bigint)")}
"""

# Of an owner's money nobody else hears; a conversion is of many, and concerns operators alone.
_PAYOUT = f"""
SELECT o.state, o.waiting_for, o.deadline_at,
    coalesce(
        (SELECT w.state FROM swaps w WHERE w.payout_id = o.id
            AND w.state NOT IN ('abandoned', 'refunded') ORDER BY w.created_at DESC LIMIT 1),
        (SELECT t.state FROM transfers t WHERE t.payout_id = o.id AND t.swap_id IS NULL
            ORDER BY t.created_at DESC LIMIT 1)) AS step,
    {
    _reasons(
        _about("payout", "o.id::text"),
        _about("swap", "SELECT w.id::text FROM swaps w WHERE w.payout_id = o.id"),
        _about("transfer", "SELECT t.id::text FROM transfers t WHERE t.payout_id = o.id"),
    )
}
FROM payouts o LEFT JOIN channels c ON c.id = o.channel_id
WHERE o.id = :id AND {_CONCERNS.format(person="false")}
"""

_MEMBERSHIP = f"""
SELECT m.state, m.access_ends_at,
    {
    _reasons(
        _about("invite", "SELECT i.id::text FROM invites i WHERE i.membership_id = m.id"),
        _about(
            "join_request",
            "SELECT q.id::text FROM join_requests q JOIN channel_chats h ON h.chat_id = q.chat_id "
            "WHERE h.channel_id = m.channel_id AND q.telegram_user_id = m.telegram_user_id",
        ),
    )
}
FROM memberships m JOIN channels c ON c.id = m.channel_id
WHERE m.id = :id AND {_CONCERNS.format(person="m.telegram_user_id = CAST(:person AS bigint)")}
"""


class PostgresStandings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, viewer: Viewer, kind: Explained, subject_id: UUID) -> Standing | None:
        sql, read = _KINDS[kind]
        row = self._session.row(
            sql,
            id=subject_id,
            sees_all=viewer.is_operator,
            account_id=viewer.account_id,
            **({} if kind is Explained.PAYOUT else {"person": viewer.telegram_user_id}),
        )
        return None if row is None else read(row)


def _payment(row: Row) -> Standing:
    """The payer hears of the payment, the owner also of what becomes of the money."""
    if row["credit_state"] is not None and row["received"] is None:
        return _credit(row)
    # A payment in part whose credit was used has bought something, as one that finished has.
    is_paid = row["received"] is not None and PaymentStatus(row["status"]).is_paid
    is_share = is_paid and row["share_state"] is not None
    if not (is_share and row["sees_money"]):
        return Standing(
            kind=Explained.PAYMENT,
            state=PaymentStatus.FINISHED if is_paid else row["status"],
            reasons=_reasons_of(row),
            deadline_at=None if is_paid else row["deadline_at"],
        )
    return Standing(
        kind=Explained.PAYMENT,
        state=row["share_state"],
        reasons=_reasons_of(row),
        waiting_for=_waiting_for(row),
        deadline_at=row["share_deadline_at"] or row["payout_deadline_at"] or row["deadline_at"],
        carried_by=row["payout_id"],
    )


def _credit(row: Row) -> Standing:
    """What came and bought nothing yet: so much the owner may know as well."""
    is_open = row["credit_state"] == CreditState.OPEN
    return Standing(
        kind=Explained.PAYMENT,
        state=f"{CREDIT}{row['credit_state']}",
        reasons=_reasons_of(row),
        deadline_at=row["payable_until"] if is_open else row["deadline_at"],
    )


def _payout(row: Row) -> Standing:
    return Standing(
        kind=Explained.PAYOUT,
        state=row["state"],
        reasons=_reasons_of(row),
        waiting_for=_waiting_for(row),
        step=row["step"],
        deadline_at=row["deadline_at"],
    )


def _membership(row: Row) -> Standing:
    return Standing(
        kind=Explained.MEMBERSHIP,
        state=row["state"],
        reasons=_reasons_of(row),
        ends_at=row["access_ends_at"],
    )


def _reasons_of(row: Row) -> tuple[Reason, ...]:
    return tuple(Reason(one) for one in row["reasons"])


def _waiting_for(row: Row) -> WaitingFor | None:
    return WaitingFor(row["waiting_for"]) if row["waiting_for"] else None


_KINDS: dict[Explained, tuple[str, Callable[[Row], Standing]]] = {
    Explained.PAYMENT: (_PAYMENT, _payment),
    Explained.PAYOUT: (_PAYOUT, _payout),
    Explained.MEMBERSHIP: (_MEMBERSHIP, _membership),
}
