"""Valid rows of every table, written as plain SQL, with the parents that they need.

    add(connection, "transfers", state="signing", nonce=7)

writes a payout, a channel, an account and a wallet too, and answers the row as written.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import pg8000.native

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
WATCHED = {"next_check_at": NOW, "deadline_at": LATER}
UNWATCHED = {"next_check_at": None, "deadline_at": None}
ADDRESS = "0x" + "ab" * 20
HASH = "0x" + "cd" * 32

Columns = dict[str, Any]

# What a swap has besides: once it is quoted, once its exchange is made, and how it ends.
QUOTED: Columns = {
    "rate_id": "rate",
    "quoted": 5,
    "deposit_fee": 0,
    "withdrawal_fee": 0,
    "market": 5,
    "quoted_at": NOW,
    "quote_ends_at": LATER,
}
ADOPTED: Columns = {
    "exchange_id": "exchange",
    "payin_address": ADDRESS,
    "promised": 5,
    "promise_ends_at": LATER,
}
EXCHANGED = QUOTED | ADOPTED
BOUGHT: Columns = {"bought": 5, "payout_hash": "in the owner's chain's own words"}
REFUNDED: Columns = {"refunded": 9, "refund_hash": HASH}
_numbers = count(1)


def fresh_number() -> int:
    """A number that no row has yet."""
    return next(_numbers)


def fresh_chat_id() -> int:
    """The id of a chat that no channel has yet."""
    return -1_000_000_000_000 - fresh_number()


def fresh_hash() -> str:
    """A transaction hash that no row has yet."""
    return f"0x{fresh_number():064x}"


def fresh_address() -> str:
    """An address that no row has yet."""
    return f"0x{fresh_number():040x}"


def _currency() -> Columns:
    """A coin that nobody knows."""
    ticker = f"coin{fresh_number()}"
    return {
        "id": f"{ticker}:eth",
        "ticker": ticker,
        "network": "eth",
        "decimals": 6,
        "payout_enabled": True,
        "swap_decimals": 6,
        "memo": "none",
    }


def _with_id(columns: Columns) -> Columns:
    return {"id": uuid4(), "created_at": NOW} | columns


_MAKERS: dict[str, Callable[[], Columns]] = {
    "accounts": lambda: _with_id({}),
    "telegram_users": lambda: {
        "id": fresh_number(),
        "first_name": "Ann",
        "created_at": NOW,
        "updated_at": NOW,
    },
    "currencies": _currency,
    "channels": lambda: _with_id(
        {"strategy": "instant", "payout_asset": "eth:eth", "payout_address": ADDRESS}
    ),
    "channel_chats": lambda: {
        "chat_id": fresh_chat_id(),
        "role": "closed",
        "title": "Closed",
        "description": "",
    },
    "tiers": lambda: _with_id({"position": 1, "price_cents": 499, "days": 30}),
    "offer_links": lambda: {"id": f"{fresh_number():022d}", "created_at": NOW},
    "broadcasts": lambda: {"id": uuid4(), "kind": "offer", "due_at": NOW, "look_at": NOW},
    "orders": lambda: _with_id(
        {"kind": "subscription", "price_cents": 499, "days": 30, "state": "open", **WATCHED}
    ),
    "payments": lambda: _with_id(
        {"provider_payment_id": str(fresh_number()), "status": "waiting", **WATCHED}
    ),
    "payer_credits": lambda: _with_id(
        {
            "amount": 1,
            "asset": "eth:eth",
            "value_cents": 99,
            "state": "open",
            "payable_until": LATER,
        }
    ),
    "payment_events": lambda: {
        "source": "callback",
        "body": "{}",
        "body_sha256": sha256(b"{}").digest(),
        "received_at": NOW,
    },
    "memberships": lambda: _with_id({"state": "active", "access_ends_at": LATER, **WATCHED}),
    "membership_periods": lambda: _with_id({"starts_at": NOW, "ends_at": LATER}),
    "invites": lambda: _with_id(
        {"name": f"funnel-{fresh_number()}", "state": "creating", **WATCHED}
    ),
    "join_requests": lambda: {
        "id": uuid4(),
        "requested_at": NOW,
        "state": "pending",
        **WATCHED,
    },
    "payouts": lambda: _with_id(
        {
            "strategy": "instant",
            "state": "forming",
            "asset": "eth:eth",
            "amount": 1,
            "destination_asset": "eth:eth",
            "destination_address": ADDRESS,
            **WATCHED,
        }
    ),
    "shares": lambda: _with_id(
        {
            "kind": "payment",
            "asset": "eth:eth",
            "amount": 1,
            "state": "pending",
            "list_cents": 499,
            "market_cents": 498,
            **WATCHED,
        }
    ),
    "payout_shares": dict,
    "swaps": lambda: _with_id(
        {
            "state": "quoting",
            "sold_asset": "eth:eth",
            "sold": 10,
            "bought_asset": "btc:btc",
            "destination_address": "somewhere",
            **WATCHED,
        }
    ),
    "swap_events": lambda: {"kind": "status", "body": "{}", "occurred_at": NOW},
    "incoming_transactions": lambda: {
        "hash": "0x" + uuid4().hex * 2,
        "kind": "top_up",
        "subject_id": "a top-up",
        "counted_at": NOW,
    },
    "wallets": lambda: {
        "address": fresh_address(),
        "chain_id": 1,
        "next_nonce": 0,
        "created_at": NOW,
    },
    "transfers": lambda: _with_id(
        {
            "asset": "eth:eth",
            "amount": 1,
            "destination": ADDRESS,
            "state": "requested",
            **WATCHED,
        }
    ),
    "transfer_attempts": lambda: _with_id(
        {
            "kind": "send",
            "raw": b"\x02\xf8",
            "hash": fresh_hash(),
            "max_fee": 2,
            "max_priority_fee": 1,
            "gas_limit": 21_000,
        }
    ),
    "reservations": lambda: {"asset": "eth:eth", "amount": 1, "gas": 1, "created_at": NOW},
    "ledger_transactions": lambda: {
        "id": uuid4(),
        "kind": "top_up",
        "subject_id": str(fresh_number()),
        "occurred_at": NOW,
    },
    "ledger_entries": lambda: {"account": "gas_float", "asset": "eth:eth", "amount": 1},
    "one_time_tokens": lambda: {
        "digest": uuid4().bytes * 2,
        "purpose": "telegram_link",
        "created_at": NOW,
        "expires_at": LATER,
    },
    "inbox": lambda: {"key": str(fresh_number()), "received_at": NOW},
    "ticks": lambda: {"name": "reconcile", "slot": fresh_number(), "started_at": NOW},
    "notices": lambda: _with_id(
        {"key": str(fresh_number()), "kind": "welcome", "facts": "{}", "state": "pending"} | WATCHED
    ),
    "dead_letters": lambda: {
        "id": uuid4(),
        "message_id": str(fresh_number()),
        "subscription": "notify",
        "body": "",
        "attributes": "{}",
        "received_at": NOW,
        **WATCHED,
    },
    "review_items": lambda: {
        "id": uuid4(),
        "subject_kind": "payment",
        "subject_id": str(fresh_number()),
        "reason": "overdue",
        "evidence": "{}",
        "opened_at": NOW,
    },
    "controls": lambda: {
        "name": "stop_sends",
        "actor": "operator",
        "reason": "drill",
        "set_at": NOW,
    },
    "audit_log": lambda: {
        "actor": "operator",
        "action": "stop",
        "subject_kind": "control",
        "subject_id": "stop_sends",
        "detail": "{}",
        "occurred_at": NOW,
    },
}

# Column of a table → the table and the column that it refers to.
_PARENTS: dict[str, dict[str, tuple[str, str]]] = {
    "channels": {"account_id": ("accounts", "id")},
    "one_time_tokens": {"account_id": ("accounts", "id")},
    "channel_chats": {"channel_id": ("channels", "id")},
    "tiers": {"channel_id": ("channels", "id")},
    "offer_links": {"tier_id": ("tiers", "id")},
    "broadcasts": {"channel_id": ("channels", "id")},
    "orders": {
        "channel_id": ("channels", "id"),
        "tier_id": ("tiers", "id"),
        "telegram_user_id": ("telegram_users", "id"),
    },
    "payment_events": {"payment_id": ("payments", "id")},
    "memberships": {
        "channel_id": ("channels", "id"),
        "telegram_user_id": ("telegram_users", "id"),
    },
    "payer_credits": {"payment_id": ("payments", "id"), "order_id": ("orders", "id")},
    "membership_periods": {"membership_id": ("memberships", "id")},
    "invites": {
        "payment_id": ("payments", "id"),
        "order_id": ("orders", "id"),
        "membership_id": ("memberships", "id"),
    },
    "join_requests": {
        "chat_id": ("channel_chats", "chat_id"),
        "telegram_user_id": ("telegram_users", "id"),
    },
    "payouts": {"channel_id": ("channels", "id")},
    "shares": {"channel_id": ("channels", "id"), "payment_id": ("payments", "id")},
    "payout_shares": {"payout_id": ("payouts", "id"), "share_id": ("shares", "id")},
    "swaps": {"payout_id": ("payouts", "id")},
    "swap_events": {"swap_id": ("swaps", "id")},
    "transfers": {"payout_id": ("payouts", "id"), "wallet_address": ("wallets", "address")},
    "transfer_attempts": {"transfer_id": ("transfers", "id")},
    "reservations": {"transfer_id": ("transfers", "id")},
    "ledger_entries": {"transaction_id": ("ledger_transactions", "id")},
    "notices": {"telegram_user_id": ("telegram_users", "id")},
}


def add(connection: pg8000.native.Connection, table: str, **changes: Any) -> Columns:
    """Write a valid row of `table`, but for `changes`; answers what was written."""
    row = _MAKERS[table]() | changes
    for column, (parent, key) in _PARENTS.get(table, {}).items():
        if column not in row:
            row[column] = add(connection, parent)[key]
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    connection.run(f"INSERT INTO {table} ({names}) VALUES ({values})", **row)
    return row
