"""Which coins owners can be paid in, as the provider last said."""

import json
from collections.abc import Sequence
from datetime import datetime

from shared_lib.adapters.postgres.session import Row, Session
from shared_lib.domain.currency import Currency, Listing, asset_of

_COLUMNS = "id, payout_enabled, is_offered"

# One statement for the whole list: a coin that is not in it is not offered. Coins that we do not
# know are left out, because nobody has said how many decimals they have.
_REFRESH = """
WITH listed AS (
    SELECT * FROM jsonb_to_recordset(CAST(:listings AS jsonb)) AS row (
        id text, is_offered boolean, needs_memo boolean, token_contract text, legacy_ticker text)
)
UPDATE currencies AS coin
SET is_offered = coalesce(listed.is_offered, false),
    needs_memo = coalesce(listed.needs_memo, coin.needs_memo),
    token_contract = coalesce(listed.token_contract, coin.token_contract),
    legacy_ticker = coalesce(listed.legacy_ticker, coin.legacy_ticker),
    refreshed_at = :now
FROM currencies AS known LEFT JOIN listed ON listed.id = known.id
WHERE coin.id = known.id
"""


class PostgresCurrencies:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, asset_id: str) -> Currency | None:
        row = self._session.row(f"SELECT {_COLUMNS} FROM currencies WHERE id = :id", id=asset_id)
        return _currency_from(row) if row else None

    def all(self) -> list[Currency]:
        rows = self._session.rows(f"SELECT {_COLUMNS} FROM currencies ORDER BY network, ticker")
        return [_currency_from(row) for row in rows]

    def refresh(self, listings: Sequence[Listing], now: datetime) -> None:
        # A coin that is listed twice counts once; the database would take either.
        rows = {one.asset_id: _listing_values(one) for one in listings}
        self._session.run(_REFRESH, listings=json.dumps(list(rows.values())), now=now)


def _listing_values(listing: Listing) -> dict[str, object]:
    return {
        "id": listing.asset_id,
        "is_offered": listing.can_be_bought and listing.supports_fixed_rate,
        "needs_memo": listing.needs_memo,
        "token_contract": listing.token_contract,
        "legacy_ticker": listing.legacy_ticker,
    }


def _currency_from(row: Row) -> Currency:
    return Currency(asset_of(row["id"]), row["payout_enabled"], row["is_offered"])
