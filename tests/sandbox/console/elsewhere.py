"""What happens outside the messenger: payments, exchanges, transactions; and time that passes."""

import asyncio
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pg8000.native

from tests.sandbox.ageing import age_access

SHOWN_MOST = 12
_SECONDS = 3.0
Row = dict[str, Any]


@dataclass(frozen=True)
class Elsewhere:
    """Addresses of the other stand-ins, and the database's owner; empty where there is none."""

    nowpayments: str = ""
    changenow: str = ""
    ethereum: str = ""
    database: str = ""

    async def news(self) -> dict[str, list[Row]]:
        """The newest of everything, newest first."""
        async with httpx.AsyncClient(trust_env=False, timeout=_SECONDS) as http:
            payments, exchanges, sent = await asyncio.gather(
                _rows(http, self.nowpayments, "payments"),
                _rows(http, self.changenow, "exchanges"),
                _rows(http, self.ethereum, "sent"),
            )
        return {
            "payments": [_payment(one) for one in _newest(payments)],
            "exchanges": [_exchange(one) for one in _newest(exchanges)],
            "transactions": [_transaction(one) for one in _newest(sent)],
        }

    async def age(self, telegram_user_id: int, days: float) -> None:
        """Let so many days pass for what a person has access to. Raises LookupError."""
        if not self.database:
            raise LookupError("no database was named")
        await asyncio.to_thread(self._age, telegram_user_id, days)

    def _age(self, telegram_user_id: int, days: float) -> None:
        at = urlsplit(self.database)
        login = {"user": unquote(at.username or ""), "password": unquote(at.password or "")}
        place = {"host": at.hostname, "port": at.port, "database": at.path.lstrip("/")}
        with closing(pg8000.native.Connection(**login, **place)) as owner:
            age_access(owner, telegram_user_id, days)


async def _rows(http: httpx.AsyncClient, base: str, what: str) -> list[Row]:
    """A listing of a stand-in; nothing of one that does not answer."""
    if not base:
        return []
    try:
        answer = await http.get(f"{base}/_sandbox/{what}")
    except httpx.HTTPError:
        return []
    rows: list[Row] = answer.json() if answer.is_success else []
    return rows


def _newest(rows: list[Row]) -> list[Row]:
    return rows[::-1][:SHOWN_MOST]


def _payment(row: Row) -> Row:
    return {
        "id": str(row["id"]),
        "status": row["payment_status"],
        "what": f"{row['pay_amount']} {str(row['pay_currency']).upper()} "
        f"for {row['price_amount']} {str(row['price_currency']).upper()}",
    }


def _exchange(row: Row) -> Row:
    given, wanted = (
        f"{row[amount]} {str(row[coin]).partition(':')[0].upper()}"
        for amount, coin in (("from_amount", "source"), ("to_amount", "target"))
    )
    return {"id": str(row["id"]), "status": row["status"], "what": f"{given} → {wanted}"}


def _transaction(row: Row) -> Row:
    return {
        "id": str(row.get("hash", "")),
        "status": str(row.get("state", "sent")),
        "what": str(row.get("to", "")),
    }
