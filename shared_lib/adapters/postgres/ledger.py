"""Postings and balances. The database refuses whatever does not balance."""

from datetime import datetime
from uuid import UUID

from shared_lib.adapters.postgres.session import Session
from shared_lib.domain.currency import asset_of
from shared_lib.domain.ledger import Account, Balance, Posting, PostingKind
from shared_lib.domain.money import Asset, Money

_ENTRY = """
INSERT INTO ledger_entries (transaction_id, account, channel_id, asset, amount)
VALUES (:transaction_id, :account, :channel_id, :asset, :amount)
"""


# Each names one thing that is said twice in the database, and finds where it is not the same.
_DISAGREEMENTS = {
    "the ledger does not sum to zero in": """
        SELECT asset AS what FROM ledger_entries GROUP BY asset HAVING sum(amount) <> 0""",
    "shares are not what is owed to channel": """
        SELECT coalesce(owed.channel_id, booked.channel_id)::text AS what FROM
        (SELECT channel_id, asset, sum(amount) AS amount FROM shares
         WHERE state NOT IN ('paid', 'reversed') GROUP BY channel_id, asset) AS owed
        FULL JOIN (SELECT channel_id, asset, -sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'owner_payable' GROUP BY channel_id, asset) AS booked
        ON owed.channel_id = booked.channel_id AND owed.asset = booked.asset
        WHERE coalesce(owed.amount, 0) <> coalesce(booked.amount, 0)""",
    "held shares are not the balance that is kept of channel": """
        SELECT coalesce(b.channel_id, s.channel_id)::text AS what FROM held_balances b
        FULL JOIN (SELECT channel_id, sum(amount) AS amount FROM shares
                   WHERE state = 'held' GROUP BY channel_id) AS s USING (channel_id)
        WHERE coalesce(b.amount, 0) <> coalesce(s.amount, 0)""",
    "what is in flight is not what was sent in": """
        SELECT coalesce(sent.asset, booked.asset) AS what FROM
        (SELECT t.asset, sum(t.amount) AS amount FROM transfers t
         LEFT JOIN swaps s ON s.id = t.swap_id
         WHERE NOT t.fills_nonce AND (t.state IN ('sent', 'mined')
             OR (t.state = 'confirmed' AND s.state = 'funded')) GROUP BY t.asset) AS sent
        FULL JOIN (SELECT asset, sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'in_flight' GROUP BY asset) AS booked
        ON sent.asset = booked.asset
        WHERE coalesce(sent.amount, 0) <> coalesce(booked.amount, 0)""",
    "what payers have with us is not what is owed to them in": """
        SELECT coalesce(kept.asset, booked.asset) AS what FROM
        (SELECT asset, sum(amount) AS amount FROM payer_credits
         WHERE state IN ('open', 'to_refund', 'taken') GROUP BY asset) AS kept
        FULL JOIN (SELECT asset, -sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'payer_credit' GROUP BY asset) AS booked
        ON kept.asset = booked.asset
        WHERE coalesce(kept.amount, 0) <> coalesce(booked.amount, 0)""",
    # Of each payment: announced, less once where it arrived, less once where it was given back.
    "what the provider owes is not what it has announced in": """
        SELECT coalesce(said.asset, booked.asset) AS what FROM
        (SELECT asset, sum(amount * (1 - arrived::int - given_back::int)) AS amount FROM
            (SELECT p.received_asset AS asset, p.received AS amount,
                 p.deposit_hash IS NOT NULL AS arrived,
                 EXISTS (SELECT FROM ledger_transactions t WHERE t.kind = 'reversed'
                         AND t.subject_id = p.id::text) AS given_back
             FROM payments p WHERE p.received IS NOT NULL
             UNION ALL SELECT k.asset, k.amount, p.deposit_hash IS NOT NULL, k.state = 'withdrawn'
             FROM payer_credits k JOIN payments p ON p.id = k.payment_id
             WHERE p.received IS NULL) AS announced
         GROUP BY asset) AS said
        FULL JOIN (SELECT asset, sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'provider_receivable' GROUP BY asset) AS booked
        ON said.asset = booked.asset
        WHERE coalesce(said.amount, 0) <> coalesce(booked.amount, 0)""",
}


class PostgresLedger:
    def __init__(self, session: Session) -> None:
        self._session = session

    def post(self, posting: Posting, transaction_id: UUID, now: datetime) -> bool:
        if not posting.entries:
            return False
        is_new = self._session.did(
            "INSERT INTO ledger_transactions (id, kind, subject_id, occurred_at) "
            "VALUES (:id, :kind, :subject_id, :now) "
            "ON CONFLICT (kind, subject_id) DO NOTHING RETURNING id",
            id=transaction_id,
            kind=posting.kind,
            subject_id=posting.subject_id,
            now=now,
        )
        if is_new:
            for entry in posting.entries:
                self._session.run(
                    _ENTRY,
                    transaction_id=transaction_id,
                    account=entry.account,
                    channel_id=entry.channel_id,
                    asset=entry.amount.asset.id,
                    amount=entry.amount.base_units,
                )
        return is_new

    def is_posted(self, kind: PostingKind, subject_id: str) -> bool:
        return self._session.did(
            "SELECT id FROM ledger_transactions WHERE kind = :kind AND subject_id = :subject_id",
            kind=kind,
            subject_id=subject_id,
        )

    def is_counted(self, tx_hash: str) -> bool:
        return self._session.did(
            "SELECT hash FROM incoming_transactions WHERE hash = :hash", hash=tx_hash
        )

    def count(self, tx_hash: str, kind: PostingKind, subject_id: str, now: datetime) -> bool:
        return self._session.did(
            "INSERT INTO incoming_transactions (hash, kind, subject_id, counted_at) "
            "VALUES (:hash, :kind, :subject_id, :now) "
            "ON CONFLICT (hash) DO NOTHING RETURNING hash",
            hash=tx_hash,
            kind=kind,
            subject_id=subject_id,
            now=now,
        )

    def balance(self, account: Account, asset: Asset) -> Money:
        row = self._session.row(
            "SELECT coalesce(sum(amount), 0) AS amount FROM ledger_entries "
            "WHERE account = :account AND asset = :asset",
            account=account,
            asset=asset.id,
        )
        return Money(int(row["amount"]) if row else 0, asset)

    def disagreements(self) -> list[str]:
        return [
            f"{rule} {row['what']}"
            for rule, sql in _DISAGREEMENTS.items()
            for row in self._session.rows(sql)
        ]

    def balances(self) -> list[Balance]:
        rows = self._session.rows(
            "SELECT account, channel_id, asset, sum(amount) AS amount FROM ledger_entries "
            "GROUP BY account, channel_id, asset ORDER BY asset, account, channel_id",
        )
        return [
            Balance(
                Account(row["account"]),
                row["channel_id"],
                Money(int(row["amount"]), asset_of(row["asset"])),
            )
            for row in rows
        ]
