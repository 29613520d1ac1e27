"""What people do, played against a running stack: for the demo and the end-to-end tests.

Everything that a person would do goes through the stand-ins' doors; nothing is written to the
database except by the product itself, but where a row has to get older than anybody waits.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import pg8000.native

from shared_lib.domain.money import ETH, Asset, Money
from shared_lib.domain.offer import Chat, ChatRole, PayoutTarget, Strategy
from shared_lib.ports import Person, RetryableError
from shared_lib.runtime.settings import (
    ChainSettings,
    DatabaseSettings,
    InvoiceSettings,
    LogSettings,
    PolicySettings,
    ProviderSettings,
    PubSubSettings,
    TelegramSettings,
    WalletSettings,
    read_settings,
)
from shared_lib.runtime.wiring import Wiring
from shared_lib.usecases.record_top_up import TopUpRefusedError, record_top_up
from shared_lib.usecases.register_channel import (
    NewChannel,
    NewTier,
    RegisteredChannel,
    register_channel,
)
from tests.sandbox.stack.plan import BOT_USERNAME
from tests.sandbox.stack.provision import connect
from tests.sandbox.stack.run import Stack

ResultT = TypeVar("ResultT")
_ORDER = re.compile(r"Order ([0-9a-f-]{36})")
_RIGHTS_OPEN = {"can_post_messages": True}
_RIGHTS_CLOSED = {
    "can_invite_users": True,
    "can_restrict_members": True,
    "can_post_messages": True,
}


class NotSeenError(AssertionError):
    """What was waited for did not come true in time."""


@dataclass(frozen=True)
class Sold:
    """A registered channel of the scene."""

    closed_chat_id: int
    title: str
    target: PayoutTarget
    registered: RegisteredChannel
    open_chat_id: int

    @property
    def destination(self) -> str:
        """Where its owner is paid."""
        return self.target.address


@dataclass(frozen=True)
class Invoice:
    """What a subscriber has in hand before paying."""

    order_id: str
    invoice_id: str
    url: str


class Scene:
    """People, chats and purchases on one stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = httpx.Client(timeout=30, trust_env=False)
        self.ports = _operator_ports(stack)
        self._database: pg8000.native.Connection = connect(stack.database_url)

    def close(self) -> None:
        self.http.close()
        self._database.close()

    # ---- the operator and the owner ----

    def top_up(self, wei: int) -> str:
        """Pay gas money into the host wallet and have it booked; the transaction's hash."""
        wallet = self.stack.plan.wallet_address
        tx_hash: str = self.ethereum("fund", address=wallet, wei=str(wei))["hash"]

        def booked() -> bool:
            try:
                return record_top_up(self.ports, tx_hash, "operator:demo").base_units == wei
            except TopUpRefusedError:
                return False

        self.wait_for("the top-up to be confirmed", booked)
        return tx_hash

    def open_shop(
        self,
        owner_id: int,
        title: str,
        numbers: tuple[int, int],
        target: PayoutTarget,
        tiers: tuple[NewTier, ...],
        threshold_cents: int | None = None,
    ) -> Sold:
        """An owner with two chats registers a channel; `numbers` are the chats' ids.

        With a threshold the money is collected in USDT first.
        """
        self.wait_for("the swap provider's list of coins", lambda: self._is_offered(target.asset))
        owner = Person(owner_id, f"Owner of {title}", None, "en")
        self.person(owner_id, owner.first_name)
        open_id, closed_id = numbers
        for chat_id, rights in ((open_id, _RIGHTS_OPEN), (closed_id, _RIGHTS_CLOSED)):
            self.telegram(
                "chats",
                id=chat_id,
                title=title,
                type="channel",
                owner_id=owner_id,
                bot_rights=rights,
                **({"username": f"open_{-open_id}"} if chat_id == open_id else {}),
            )
        new = NewChannel(
            owner=owner,
            open_chat=Chat(open_id, ChatRole.OPEN, f"{title} (open)", "What we do"),
            closed_chat=Chat(closed_id, ChatRole.CLOSED, title, "Everything, daily"),
            tiers=tiers,
            strategy=Strategy.THRESHOLD if threshold_cents else Strategy.INSTANT,
            threshold_cents=threshold_cents,
            target=target,
        )
        registered = register_channel(self.ports, new)
        posted = "SELECT id FROM broadcasts WHERE channel_id = :id AND posted_at IS NULL"
        self.wait_for(
            "offer and button to stand in the chats",
            lambda: not self.rows(posted, id=registered.channel_id),
        )
        return Sold(closed_id, title, target, registered, open_id)

    def _is_offered(self, asset: Asset) -> bool:
        """The settlement asset always is; the others since the list was asked for."""
        offered = "SELECT is_offered FROM currencies WHERE id = :id AND is_offered IS NOT NULL"
        return asset == ETH or bool(self.rows(offered, id=asset.id))

    # ---- the subscriber ----

    def person(self, user_id: int, first_name: str) -> None:
        """Somebody with a Telegram account."""
        self.telegram("users", id=user_id, first_name=first_name, language_code="en")

    def offers(self, sold: Sold) -> list[dict[str, Any]]:
        """What stands in a channel's open chat, oldest first."""
        found: list[dict[str, Any]] = self.telegram_shows("messages", chat_id=sold.open_chat_id)
        return found

    def tap(self, user_id: int, sold: Sold, tier: int = 0) -> Invoice:
        """Tap a tier of the offer that stands in the open chat, and wait for the invoice."""
        pressed = self.telegram("press", user_id=user_id, chat_id=sold.open_chat_id, index=tier)
        return self._follow(user_id, pressed["url"])

    def ask_for(self, user_id: int, offer_link: str) -> Invoice:
        """Open an offer's deep link and wait for the invoice."""
        return self._follow(user_id, f"https://t.me/{BOT_USERNAME}?start={offer_link}")

    def _follow(self, user_id: int, url: str) -> Invoice:
        before = len(self.messages(user_id))
        self.telegram("open_link", user_id=user_id, url=url)
        return self.message_with_invoice(user_id, before)

    def message_with_invoice(self, user_id: int, before: int = 0) -> Invoice:
        """Wait for the first invoice after `before` messages, and tap it."""
        message = self.wait_for(
            "the invoice", lambda: self.message_with(user_id, before, button="Pay")
        )
        pressed = self.telegram("press", user_id=user_id, message_id=message["message_id"], index=0)
        order = _ORDER.search(message["text"])
        if order is None:
            raise NotSeenError(f"no order in {message['text']!r}")
        return Invoice(order[1], pressed["url"].rpartition("=")[2], pressed["url"])

    def pay(self, invoice: Invoice, **how: Any) -> str:
        """Pay on the hosted page; the provider's payment id."""
        payment_id: str = self.nowpayments("pay", invoice_id=invoice.invoice_id, **how)[
            "payment_id"
        ]
        return str(payment_id)

    def invite_link(self, user_id: int, before: int) -> str:
        """The link in the first invite after `before` messages."""
        message = self.wait_for(
            "the invite", lambda: self.message_with(user_id, before, button="Join")
        )
        pressed = self.telegram("press", user_id=user_id, message_id=message["message_id"], index=0)
        url: str = pressed["url"]
        return url

    def ask_to_join(self, user_id: int, link: str) -> str:
        """Open an invite link; what Telegram says."""
        outcome: str = self.telegram("open_link", user_id=user_id, url=link)["outcome"]
        return outcome

    def is_inside(self, chat_id: int, user_id: int) -> bool:
        """Whether a person is a member of a chat now."""
        for chat in self.telegram_shows("chats"):
            if int(chat["id"]) == chat_id:
                members = {int(one["user"]["id"]): one["status"] for one in chat["members"]}
                return members.get(user_id) in ("member", "administrator", "creator")
        return False

    def messages(self, user_id: int) -> list[dict[str, Any]]:
        """Everything in the private chat of a person with the bot, oldest first."""
        found: list[dict[str, Any]] = self.telegram_shows("messages", user_id=user_id)
        return found

    def message_with(self, user_id: int, before: int, button: str) -> dict[str, Any] | None:
        """The first message after `before` with such a button, if it has come."""
        for message in self.messages(user_id)[before:]:
            if any(button in str(one.get("text")) for one in _buttons(message)):
                return message
        return None

    # ---- time ----

    def let_the_week_pass(self, provider_payment_id: str) -> None:
        """In which the rest of a price can be paid: what is kept for its payer gets that old."""
        self._database.run(
            "UPDATE payer_credits SET payable_until = now() WHERE payment_id = "
            "(SELECT id FROM payments WHERE provider_payment_id = :id)",
            id=provider_payment_id,
        )

    # ---- looking ----

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """Read from the product's database, as a report would."""
        found = self._database.run(sql, **values) or []
        names = [column["name"] for column in self._database.columns or []]
        return [dict(zip(names, row, strict=True)) for row in found]

    def payment(self, provider_payment_id: str) -> dict[str, Any] | None:
        """A payment with all that followed from it, or None while it is not finished."""
        found = self.rows(_PAYMENT, id=provider_payment_id)
        return found[0] if found else None

    def settled(self, provider_payment_id: str) -> dict[str, Any] | None:
        """The payment once its owner's share is paid out."""
        found = self.payment(provider_payment_id)
        return found if found and found["settled_at"] is not None else None

    def balance(self, address: str) -> Money:
        """ETH at an address, read from the chain."""

        def look() -> list[Money]:
            try:
                return [self.ports.chain.balance(address)]
            except RetryableError:  # a kept connection may have ended meanwhile
                return []

        return self.wait_for(f"the balance of {address}", look)[0]

    def swap(self, provider_payment_id: str) -> dict[str, Any]:
        """The swap that paid a settled payment out, with its quote and its exchange."""
        [found] = self.rows(_SWAP, id=provider_payment_id)
        return found

    def arrived(self, target: PayoutTarget) -> Money:
        """What an owner has: on our chain by the chain, elsewhere by the exchange's own book."""
        asset, address = target.asset, target.address
        if asset == ETH:
            return self.balance(address)
        tokens = self.ethereum_shows("tokens")
        if asset.id in tokens:
            return Money(self.token_balance(tokens[asset.id], address), asset)
        accounts = self.changenow_shows("book")[asset.id]["accounts"]
        units = [
            int(one["base_units"])
            for one in accounts
            if (one["address"], one["extra_id"]) == (address, target.memo)
        ]
        return Money(sum(units), asset)

    def token_balance(self, contract: str, address: str) -> int:
        """Base units of a token at an address, read from the chain."""
        data = "0x70a08231" + address.removeprefix("0x").lower().rjust(64, "0")
        return int(self._rpc("eth_call", {"to": contract, "data": data}, "latest"), 16)

    def transaction(self, tx_hash: str) -> dict[str, Any]:
        """A transaction as the node shows it."""
        found: dict[str, Any] = self._rpc("eth_getTransactionByHash", tx_hash)
        return found

    def receipt(self, tx_hash: str) -> dict[str, Any] | None:
        """A transaction's receipt, or None while it is not mined."""
        found: dict[str, Any] | None = self._rpc("eth_getTransactionReceipt", tx_hash)
        return found

    def _rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self.http.post(self.stack.plan.rpc_url, json=body).json()["result"]

    def wait_for(
        self, what: str, look: Callable[[], ResultT | None], seconds: float = 60.0
    ) -> ResultT:
        """Look until there is something true. Raises NotSeenError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            seen = look()
            if seen:
                return seen
            time.sleep(0.05)
        raise NotSeenError(f"waited {seconds:.0f} s for {what}")

    # ---- the stand-ins' doors ----

    def telegram(self, order: str, **body: Any) -> Any:
        return self._order(self.stack.plan.telegram_url, order, body)

    def telegram_shows(self, what: str, **query: Any) -> Any:
        url = f"{self.stack.plan.telegram_url}/_sandbox/{what}"
        return self.http.get(url, params=query).raise_for_status().json()

    def nowpayments(self, order: str, **body: Any) -> Any:
        return self._order(self.stack.plan.url("nowpayments"), order, body)

    def nowpayments_shows(self, what: str, **query: Any) -> Any:
        url = f"{self.stack.plan.url('nowpayments')}/_sandbox/{what}"
        return self.http.get(url, params=query).raise_for_status().json()

    def changenow(self, order: str, **body: Any) -> Any:
        return self._order(self.stack.plan.url("changenow"), order, body)

    def changenow_shows(self, what: str, **query: Any) -> Any:
        url = f"{self.stack.plan.url('changenow')}/_sandbox/{what}"
        return self.http.get(url, params=query).raise_for_status().json()

    def ethereum_shows(self, what: str) -> Any:
        url = f"{self.stack.plan.url('ethereum')}/_sandbox/{what}"
        return self.http.get(url).raise_for_status().json()

    def ethereum(self, order: str, **body: Any) -> Any:
        return self._order(self.stack.plan.url("ethereum"), order, body)

    def pubsub(self, order: str, **body: Any) -> Any:
        return self._order(self.stack.plan.url("front"), order, body)

    def _order(self, base: str, order: str, body: dict[str, Any]) -> Any:
        answer = self.http.post(f"{base}/_sandbox/{order}", json=body)
        if not answer.is_success:
            raise NotSeenError(f"{order}: {answer.status_code} {answer.text}")
        return answer.json()


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return list(message.get("buttons") or [])


def _operator_ports(stack: Stack) -> Wiring:
    """The ports with which an operator's tools run use cases by hand."""
    concerns = (
        LogSettings,
        DatabaseSettings,
        PubSubSettings,
        PolicySettings,
        ChainSettings,
        WalletSettings,
        ProviderSettings,
        InvoiceSettings,
        TelegramSettings,
    )
    return Wiring(read_settings(stack.plan.names(stack.database_url), *concerns))


_PAYMENT = """
SELECT p.id, p.provider_payment_id, p.order_id, p.status, p.received, p.received_asset, p.fee,
    p.finished_at, p.deposit_hash, s.amount AS share, s.state AS share_state,
    o.id AS payout_id, o.state AS payout_state, o.amount AS payout_amount, o.settled_at,
    t.mined_hash, t.mined_block, t.amount AS sent, t.gas_paid, t.nonce,
    i.state AS invite_state, i.already_inside,
    (SELECT min(received_at) FROM payment_events e
     WHERE e.payment_id = p.id
     AND e.body ~ '"payment_status":"(finished|partially_paid)"') AS called_back_at
FROM payments p
LEFT JOIN shares s ON s.payment_id = p.id
LEFT JOIN payout_shares link ON link.share_id = s.id AND link.released_at IS NULL
LEFT JOIN payouts o ON o.id = link.payout_id
LEFT JOIN transfers t ON t.payout_id = o.id
    AND t.state NOT IN ('cancelled', 'reverted') AND NOT t.fills_nonce
LEFT JOIN invites i ON i.payment_id = p.id
WHERE p.provider_payment_id = :id
"""


_SWAP = """
SELECT w.*, t.mined_hash, t.mined_block, t.destination FROM payments p
JOIN shares s ON s.payment_id = p.id
JOIN payout_shares link ON link.share_id = s.id AND link.released_at IS NULL
JOIN swaps w ON w.payout_id = link.payout_id AND w.state = 'finished'
JOIN transfers t ON t.swap_id = w.id
WHERE p.provider_payment_id = :id
"""


def ledger_by_account(scene: Scene) -> list[dict[str, Any]]:
    """Every account's balance per asset, as text in base units."""
    return scene.rows(
        "SELECT account, channel_id::text AS channel, asset, sum(amount)::text AS balance "
        "FROM ledger_entries GROUP BY account, channel_id, asset ORDER BY asset, account, channel"
    )


def new_address() -> str:
    """A fresh address that belongs to nobody on this chain."""
    from eth_account import Account  # noqa: PLC0415 (slow to load, and seldom needed)

    return str(Account.create().address)


def eth_wallet() -> PayoutTarget:
    """A fresh wallet of an owner who wants ETH."""
    return PayoutTarget(ETH, new_address(), None)
