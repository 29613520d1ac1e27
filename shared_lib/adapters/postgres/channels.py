"""Channels, their chats, tiers and offer links."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.broadcast import Showcase, TierOnSale
from shared_lib.domain.currency import asset_of
from shared_lib.domain.offer import (
    Channel,
    Chat,
    ChatRole,
    LeftToDo,
    Offer,
    PayoutTarget,
    Strategy,
    Tier,
)

_CHANNEL = """
id, account_id, strategy, threshold_cents, payout_asset, payout_address, payout_memo, fee_bps,
wants_payout, held_until, closing_at, closed_at, grace_days, removals_free_until
"""

_ADD = f"""
INSERT INTO channels ({_CHANNEL}, created_at)
VALUES (:id, :account_id, :strategy, :threshold_cents, :asset, :address, :memo, :fee_bps,
        :wants_payout, :held_until, :closing_at, :closed_at, :grace_days, :removals_free_until,
        :now)
"""

_SAVE_PAYOUT = """
UPDATE channels
SET strategy = :strategy, threshold_cents = :threshold_cents, payout_asset = :asset,
    payout_address = :address, payout_memo = :memo, held_until = :held_until
WHERE id = :id
"""

# A USDT has 6 decimals and counts as a dollar, which has 100 cents.
_DUE = """
SELECT c.id FROM channels c JOIN held_balances h ON h.channel_id = c.id
WHERE h.amount > 0 AND coalesce(c.held_until <= :now, true)
AND (c.strategy = 'instant' OR c.wants_payout OR c.closing_at IS NOT NULL
     OR h.amount >= c.threshold_cents * 10000)
AND NOT EXISTS (SELECT FROM payouts p WHERE p.channel_id = c.id AND p.asset = 'usdt:eth'
                AND p.funded_at IS NULL)
ORDER BY h.since, c.id LIMIT :most FOR UPDATE OF h SKIP LOCKED
"""

# Who has access now; what is the owner's and has not left, but for dust, which may be too little
# to be sent for ever; and what may still be paid, or is a payer's.
_MEMBERS = """
SELECT m.id FROM memberships m WHERE m.channel_id = c.id AND m.state = 'active'
AND coalesce(m.access_ends_at > :now, true)"""
_SHARES = """
SELECT s.id FROM shares s WHERE s.channel_id = c.id
AND s.state NOT IN ('paid', 'reversed') AND NOT (s.kind = 'dust' AND s.state = 'pending')"""
_PAYMENTS = """
SELECT o.id FROM orders o WHERE o.channel_id = c.id AND (o.state = 'open'
    OR EXISTS (SELECT FROM payments p WHERE p.order_id = o.id
               AND (p.next_check_at IS NOT NULL OR p.news_at IS NOT NULL))
    OR EXISTS (SELECT FROM payer_credits k WHERE k.order_id = o.id
               AND k.state IN ('open', 'to_refund', 'taken')))"""

_LEFT = f"""
SELECT (SELECT count(*) FROM ({_MEMBERS}) AS left_ones) AS members,
    (SELECT count(*) FROM ({_SHARES}) AS left_ones) AS shares,
    (SELECT count(*) FROM ({_PAYMENTS}) AS left_ones) AS payments
FROM channels c WHERE c.id = :id
"""

_TAKE_WOUND_DOWN = f"""
UPDATE channels SET closed_at = :now WHERE id IN (
    SELECT c.id FROM channels c WHERE c.closing_at IS NOT NULL AND c.closed_at IS NULL
    AND NOT EXISTS ({_MEMBERS}) AND NOT EXISTS ({_SHARES}) AND NOT EXISTS ({_PAYMENTS})
    ORDER BY c.closing_at, c.id LIMIT :most FOR NO KEY UPDATE OF c SKIP LOCKED)
RETURNING id
"""

# What stands where the person's last purchase stood, if anything does, else the first offer.
_RENEWAL = """
SELECT l.id FROM tiers t
JOIN offer_links l ON l.tier_id = t.id JOIN channels c ON c.id = t.channel_id
WHERE t.channel_id = :id AND t.removed_at IS NULL AND c.closing_at IS NULL
ORDER BY t.position = (SELECT b.position FROM orders o JOIN tiers b ON b.id = o.tier_id
                       WHERE o.channel_id = :id AND o.telegram_user_id = :user
                       AND o.state = 'paid'
                       ORDER BY o.created_at DESC LIMIT 1) DESC NULLS LAST,
    t.position, l.created_at
LIMIT 1
"""

_OWNED = """
SELECT c.id, h.title FROM channels c
JOIN accounts a ON a.id = c.account_id
JOIN channel_chats h ON h.channel_id = c.id AND h.role = 'closed'
WHERE a.telegram_user_id = :user AND c.closed_at IS NULL
ORDER BY c.created_at, c.id
"""

_ON_SALE = """
SELECT DISTINCT ON (t.position) l.id AS link_id, t.id AS tier_id, t.channel_id, t.position,
    t.price_cents, t.days, t.removed_at
FROM tiers t JOIN offer_links l ON l.tier_id = t.id
WHERE t.channel_id = :id AND t.removed_at IS NULL
ORDER BY t.position, l.created_at DESC, l.id
"""

_OFFER = """
SELECT l.id AS link_id, t.id AS tier_id, t.channel_id, t.position, t.price_cents, t.days,
    t.removed_at
FROM offer_links l JOIN tiers t ON t.id = l.tier_id WHERE l.id = :id
"""


class PostgresChannels:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, channel: Channel, chats: Sequence[Chat], now: datetime) -> None:
        self._session.run(
            _ADD,
            id=channel.id,
            account_id=channel.account_id,
            strategy=channel.strategy,
            threshold_cents=channel.threshold_cents,
            asset=channel.target.asset.id,
            address=channel.target.address,
            memo=channel.target.memo,
            fee_bps=channel.fee_bps,
            wants_payout=channel.wants_payout,
            held_until=channel.held_until,
            closing_at=channel.closing_at,
            closed_at=channel.closed_at,
            grace_days=channel.grace_days,
            removals_free_until=channel.removals_free_until,
            now=now,
        )
        for chat in chats:
            self._session.run(
                "INSERT INTO channel_chats (chat_id, channel_id, role, title, description) "
                "VALUES (:chat_id, :channel_id, :role, :title, :description)",
                chat_id=chat.chat_id,
                channel_id=channel.id,
                role=chat.role,
                title=chat.title,
                description=chat.description,
            )

    def add_tier(self, tier: Tier, now: datetime) -> None:
        self._session.run(
            "INSERT INTO tiers (id, channel_id, position, price_cents, days, created_at) "
            "VALUES (:id, :channel_id, :position, :price_cents, :days, :now)",
            id=tier.id,
            channel_id=tier.channel_id,
            position=tier.position,
            price_cents=tier.price_cents,
            days=tier.days,
            now=now,
        )

    def add_offer_link(self, link_id: str, tier_id: UUID, now: datetime) -> None:
        self._session.run(
            "INSERT INTO offer_links (id, tier_id, created_at) VALUES (:id, :tier_id, :now)",
            id=link_id,
            tier_id=tier_id,
            now=now,
        )

    def count(self, account_id: UUID) -> int:
        row = self._session.row(
            "SELECT count(*) AS channels FROM channels WHERE account_id = :id", id=account_id
        )
        return int(row["channels"]) if row else 0

    def taken_chats(self, chat_ids: Sequence[int]) -> set[int]:
        rows = self._session.rows(
            "SELECT chat_id FROM channel_chats WHERE chat_id = ANY(CAST(:ids AS bigint[]))",
            ids=list(chat_ids),
        )
        return {int(row["chat_id"]) for row in rows}

    def lock(self, channel_id: UUID) -> Channel | None:
        return _channel_from(
            self._session.row(
                f"SELECT {_CHANNEL} FROM channels WHERE id = :id FOR NO KEY UPDATE", id=channel_id
            )
        )

    def get(self, channel_id: UUID) -> Channel | None:
        return _channel_from(
            self._session.row(f"SELECT {_CHANNEL} FROM channels WHERE id = :id", id=channel_id)
        )

    def closed_chat(self, channel_id: UUID) -> Chat:
        return self._chat(channel_id, ChatRole.CLOSED)

    def owned_by(self, telegram_user_id: int) -> list[tuple[UUID, str]]:
        rows = self._session.rows(_OWNED, user=telegram_user_id)
        return [(row["id"], row["title"]) for row in rows]

    def is_sold(self, channel_id: UUID) -> bool:
        return self._session.did(
            "SELECT id FROM channels c WHERE id = :id AND ("
            "EXISTS (SELECT FROM orders o WHERE o.channel_id = c.id) "
            "OR EXISTS (SELECT FROM memberships m WHERE m.channel_id = c.id))",
            id=channel_id,
        )

    def remove_tier(self, tier_id: UUID, now: datetime) -> None:
        self._session.run(
            "UPDATE tiers SET removed_at = :now WHERE id = :id AND removed_at IS NULL",
            id=tier_id,
            now=now,
        )

    def move_chat(self, old_id: int, new_id: int) -> bool:
        return self._session.did(
            "UPDATE channel_chats SET chat_id = :new_id WHERE chat_id = :old_id "
            "AND NOT EXISTS (SELECT FROM channel_chats c WHERE c.chat_id = :new_id) "
            "RETURNING chat_id",
            old_id=old_id,
            new_id=new_id,
        )

    def save_chat(self, channel_id: UUID, chat: Chat) -> None:
        self._session.run(
            "UPDATE channel_chats SET chat_id = :chat_id, title = :title, "
            "description = :description WHERE channel_id = :channel_id AND role = :role",
            chat_id=chat.chat_id,
            title=chat.title,
            description=chat.description,
            channel_id=channel_id,
            role=chat.role,
        )

    def _chat(self, channel_id: UUID, role: ChatRole) -> Chat:
        row = self._session.row(
            "SELECT chat_id, role, title, description FROM channel_chats "
            "WHERE channel_id = :id AND role = :role",
            id=channel_id,
            role=role,
        )
        if row is None:
            raise LookupError(f"channel {channel_id} has no {role.value} chat")
        return _chat_from(row)

    def want_payout(self, channel_id: UUID, *, wanted: bool) -> None:
        self._session.run(
            "UPDATE channels SET wants_payout = :wanted WHERE id = :id AND wants_payout <> :wanted",
            id=channel_id,
            wanted=wanted,
        )

    def due_for_payout(self, now: datetime, limit: int) -> list[UUID]:
        return [row["id"] for row in self._session.rows(_DUE, now=now, most=limit)]

    def save_payout(self, channel: Channel) -> None:
        self._session.run(
            _SAVE_PAYOUT,
            id=channel.id,
            strategy=channel.strategy,
            threshold_cents=channel.threshold_cents,
            asset=channel.target.asset.id,
            address=channel.target.address,
            memo=channel.target.memo,
            held_until=channel.held_until,
        )

    def save_closing(self, channel: Channel) -> None:
        self._session.run(
            "UPDATE channels SET closing_at = :closing_at, closed_at = :closed_at WHERE id = :id",
            id=channel.id,
            closing_at=channel.closing_at,
            closed_at=channel.closed_at,
        )

    def save_access(self, channel: Channel) -> None:
        self._session.run(
            "UPDATE channels SET grace_days = :grace_days, "
            "removals_free_until = :removals_free_until WHERE id = :id",
            id=channel.id,
            grace_days=channel.grace_days,
            removals_free_until=channel.removals_free_until,
        )

    def renewal_link(self, channel_id: UUID, telegram_user_id: int) -> str | None:
        row = self._session.row(_RENEWAL, id=channel_id, user=telegram_user_id)
        return row["id"] if row else None

    def left_to_do(self, channel_id: UUID, now: datetime) -> LeftToDo:
        row = self._session.row(_LEFT, id=channel_id, now=now)
        if row is None:
            raise LookupError(f"channel {channel_id} is not there")
        return LeftToDo(int(row["members"]), int(row["shares"]), int(row["payments"]))

    def take_wound_down(self, now: datetime, limit: int) -> list[UUID]:
        rows = self._session.rows(_TAKE_WOUND_DOWN, now=now, most=limit)
        return [row["id"] for row in rows]

    def owner_of(self, channel_id: UUID) -> int | None:
        row = self._session.row(
            "SELECT telegram_user_id AS id FROM accounts "
            "WHERE id = (SELECT account_id FROM channels WHERE id = :id)",
            id=channel_id,
        )
        return row["id"] if row else None

    def news_reader(self, channel_id: UUID) -> int | None:
        row = self._session.row(
            "SELECT telegram_user_id AS id FROM accounts "
            "WHERE id = (SELECT account_id FROM channels WHERE id = :id) AND wants_news",
            id=channel_id,
        )
        return row["id"] if row else None

    def of_chat(self, chat_id: int) -> tuple[UUID, Chat] | None:
        row = self._session.row(
            "SELECT channel_id, chat_id, role, title, description FROM channel_chats "
            "WHERE chat_id = :id",
            id=chat_id,
        )
        return (row["channel_id"], _chat_from(row)) if row else None

    def sold_by_chat(self, chat_id: int) -> UUID | None:
        row = self._session.row(
            "SELECT channel_id FROM channel_chats WHERE chat_id = :id AND role = 'closed'",
            id=chat_id,
        )
        return row["channel_id"] if row else None

    def showcase(self, channel_id: UUID) -> Showcase:
        channel = self.get(channel_id)
        if channel is None:
            raise LookupError(f"channel {channel_id} is not there")
        return Showcase(
            channel=channel,
            open_chat=self._chat(channel_id, ChatRole.OPEN),
            closed_chat=self.closed_chat(channel_id),
            on_sale=tuple(
                TierOnSale(row["link_id"], _tier_from(row))
                for row in self._session.rows(_ON_SALE, id=channel_id)
            ),
        )

    def offer(self, link_id: str) -> Offer | None:
        row = self._session.row(_OFFER, id=link_id)
        channel = self.get(row["channel_id"]) if row else None
        if row is None or channel is None:
            return None
        return Offer(row["link_id"], _tier_from(row), channel, self.closed_chat(channel.id))


def _tier_from(row: Row) -> Tier:
    return Tier(
        id=row["tier_id"],
        channel_id=row["channel_id"],
        position=row["position"],
        price_cents=int(row["price_cents"]),
        days=row["days"],
        removed_at=row["removed_at"],
    )


def _chat_from(row: Row) -> Chat:
    return Chat(int(row["chat_id"]), ChatRole(row["role"]), row["title"], row["description"])


def _channel_from(row: Row | None) -> Channel | None:
    if row is None:
        return None
    return Channel(
        id=row["id"],
        account_id=row["account_id"],
        strategy=Strategy(row["strategy"]),
        threshold_cents=row["threshold_cents"],
        target=PayoutTarget(
            asset_of(row["payout_asset"]), row["payout_address"], row["payout_memo"]
        ),
        fee_bps=row["fee_bps"],
        wants_payout=row["wants_payout"],
        held_until=row["held_until"],
        closing_at=row["closing_at"],
        closed_at=row["closed_at"],
        grace_days=int(row["grace_days"]),
        removals_free_until=row["removals_free_until"],
    )
