"""What the use cases need from the outside, as Protocols.

Adapters implement them with the real thing and tests with fakes; the same contract tests run on
both. Amounts are base units with their asset, times are aware UTC.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from shared_lib.domain.account import OwnerAccount, TokenPurpose
from shared_lib.domain.broadcast import Broadcast, Showcase
from shared_lib.domain.credit import Credit
from shared_lib.domain.currency import Currency, Listing
from shared_lib.domain.invite import Invite, JoinRequest
from shared_lib.domain.language import Manners
from shared_lib.domain.ledger import Account, Balance, Posting, PostingKind
from shared_lib.domain.membership import Membership, Period
from shared_lib.domain.message import Message
from shared_lib.domain.money import ETH, Asset, Money
from shared_lib.domain.notice import Notice
from shared_lib.domain.offer import Channel, Chat, LeftToDo, Offer, Strategy, Tier
from shared_lib.domain.operator import Operator, Switch
from shared_lib.domain.order import Invoice, Order, OrderKind
from shared_lib.domain.payment import EventSource, Payment, PaymentStatus, Report
from shared_lib.domain.payout import DaySent, Payout
from shared_lib.domain.policy import Policy
from shared_lib.domain.review import Finding, Reason, ReviewItem, Subject
from shared_lib.domain.share import Share, ShareState
from shared_lib.domain.swap import (
    ExchangeEcho,
    ExchangeOrder,
    ExchangeReport,
    FixedQuote,
    Limits,
    Quote,
    Swap,
)
from shared_lib.domain.transfer import Attempt, Fees, Mined, Transfer, Wallet
from shared_lib.domain.why import Explained, Standing, Viewer
from shared_lib.events import Event

# ---- errors that adapters raise, by what the caller can do --------------------------------------


class ProviderError(Exception):
    """Something outside did not do what was asked."""


class RetryableError(ProviderError):
    """It did not happen; asking again later may help. `after_seconds` is the provider's wish."""

    def __init__(self, reason: str, after_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.after_seconds = after_seconds


class ChatMovedError(RetryableError):
    """The chat has another id, by which it can be asked for from now on."""

    def __init__(self, old_id: int, new_id: int) -> None:
        super().__init__("the chat has another id now")
        self.old_id, self.new_id = old_id, new_id


class PermanentError(ProviderError):
    """It did not happen, and asking again with the same words will not help."""


class OutOfRangeError(PermanentError):
    """The amount is below `limits.least` or above `limits.most`, as far as the provider says."""

    def __init__(self, reason: str, *, is_too_small: bool) -> None:
        super().__init__(reason)
        self.is_too_small = is_too_small


class PairUnavailableError(PermanentError):
    """The provider does not swap these two coins now."""


class RateExpiredError(PermanentError):
    """The rate id is unknown or too old: another quote is needed."""


class AddressRefusedError(PermanentError):
    """The provider does not pay to this address, or not with this memo."""


class UnknownOutcomeError(ProviderError):
    """No answer came, or none that can be read: it may or may not have happened."""


class BadReportError(ValueError):
    """A provider's body cannot be read as a payment report; the text names the field."""


class DatabaseUnavailableError(Exception):
    """The database did not answer. Nothing may be concluded from that."""


class LeaseHeldError(Exception):
    """Another delivery is at work on this item right now."""


class LeaseLostError(Exception):
    """Our lease on the item has run out; what we did is not recorded by us."""


# ---- small ports ---------------------------------------------------------------------------------


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware UTC."""
        ...


class Ids(Protocol):
    def new(self) -> UUID:
        """A fresh random id."""
        ...

    def offer_link(self) -> str:
        """A fresh unguessable id of 22 URL-safe characters."""
        ...


# ---- providers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvoiceRequest:
    """What a hosted invoice is made for. URLs are RFC 3986 absolute URIs."""

    order_id: UUID
    price_cents: int
    description: str
    ipn_url: str
    success_url: str
    cancel_url: str
    partially_paid_url: str


class PaymentProvider(Protocol):
    """NOWPayments, or whoever collects payments for us."""

    def create_invoice(self, request: InvoiceRequest) -> Invoice:
        """Make a hosted invoice. Not idempotent. Raises ProviderError."""
        ...

    def payment(self, provider_payment_id: str) -> str:
        """The provider's own present view of a payment, as its JSON text. Raises ProviderError."""
        ...

    def payments_of(self, invoice_id: str) -> list[str]:
        """The ids of all payments that were begun on an invoice. Raises ProviderError."""
        ...

    def usd_cents(self, amount: Money) -> int:
        """What an amount is worth in US cents now, by the provider's own market rate."""
        ...

    def is_genuine(self, body: bytes, signature: str | None) -> bool:
        """Whether a callback's signature proves that the provider wrote `body`."""
        ...

    def read_report(self, body: str) -> Report:
        """Read a callback's or an answer's JSON text. Raises BadReportError."""
        ...


class SwapProvider(Protocol):
    """ChangeNOW, or whoever swaps for us at a fixed rate.

    Each method raises ProviderError; about a pair also PairUnavailableError, about an amount also
    OutOfRangeError.
    """

    def currencies(self) -> list[Listing]:
        """Every coin that can be bought at a fixed rate now."""
        ...

    def limits(self, sold: Asset, bought: Asset) -> Limits:
        """The least and the most of `sold` that is swapped at a fixed rate."""
        ...

    def market_quote(self, sold: Money, bought: Asset) -> Quote:
        """What the market would give now. For comparison and the books only."""
        ...

    def fixed_quote(self, sold: Money, bought: Asset) -> FixedQuote:
        """A promise with a rate id, kept for some minutes."""
        ...

    def create_exchange(self, order: ExchangeOrder) -> ExchangeEcho:
        """Make an exchange. Not idempotent: each call that arrives makes one.

        Raises also RateExpiredError, AddressRefusedError, and UnknownOutcomeError where an exchange
        may have been made.
        """
        ...

    def exchange(self, exchange_id: str, sold: Asset, bought: Asset) -> ExchangeReport:
        """What has become of an exchange."""
        ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """A transfer to us as the chain shows it. `confirmations` counts its own block."""

    amount: Money
    block: int
    confirmations: int
    succeeded: bool

    @property
    def is_nothing(self) -> bool:
        """Whether nothing came at top level; what a contract passed on looks like this."""
        return self.amount.base_units == 0


@dataclass(frozen=True, slots=True)
class UnsignedTransfer:
    """A transfer of `amount` to `destination`, coin or token, fully specified.

    `destination` is who receives it: for a token the contract comes from the amount's asset.
    """

    chain_id: int
    nonce: int
    destination: str
    amount: Money
    fees: Fees


@dataclass(frozen=True, slots=True)
class SignedTransfer:
    """`hash` is 0x and 64 lower-case hex digits."""

    raw: bytes
    hash: str


class BroadcastResult(StrEnum):
    """What the node said to our bytes. Only our own hash or nonce on chain is proof."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already_known"
    NONCE_USED = "nonce_used"
    REFUSED = "refused"


class Chain(Protocol):
    """An Ethereum node. Every method raises RetryableError when the node cannot be asked.

    A method that is about an asset raises PermanentError for one that this chain has no contract
    for.
    """

    def checksum_address(self, text: str) -> str:
        """The EIP-55 form of an address. Raises ValueError for anything that is not one."""
        ...

    def chain_id(self) -> int:
        """The id of the chain that the node follows."""
        ...

    def head(self) -> int:
        """The number of the newest block."""
        ...

    def mined_nonce(self, address: str, *, depth: int = 0) -> int:
        """How many transactions of `address` are mined, as of `depth` blocks below the head."""
        ...

    def fees_for(self, sender: str, destination: str, amount: Money) -> Fees:
        """Fees for this transfer now: EIP-1559 prices that survive several full blocks.

        Raises PermanentError when the node says that the transfer itself would fail, unless only
        because the sender has too little of the asset, which may pass.
        """
        ...

    def broadcast(self, raw: bytes) -> BroadcastResult:
        """Hand signed bytes to the network. Raises UnknownOutcomeError when no answer came."""
        ...

    def knows(self, tx_hash: str) -> bool:
        """Whether the node has the transaction, mined or not."""
        ...

    def mined(self, tx_hash: str) -> Mined | None:
        """The receipt of a transaction, or None while there is none."""
        ...

    def is_canonical(self, block: int, block_hash: str) -> bool:
        """Whether this block is still part of the chain."""
        ...

    def incoming(self, tx_hash: str, recipient: str, asset: Asset) -> Incoming | None:
        """What a transaction paid to `recipient`, or None while it is not mined.

        ETH counts at top level only, so that an internal call has amount zero. Of a token it is
        what the contract's own Transfer logs say.
        """
        ...

    def moved(self, tx_hash: str, sender: str, recipient: str, amount: Money) -> bool:
        """Whether a mined transaction succeeded and moved exactly this from one to the other.

        A receipt alone proves nothing of a token: only its contract's Transfer logs do.
        """
        ...

    def balance(self, address: str, asset: Asset = ETH) -> Money:
        """What an address holds of an asset at the head."""
        ...


class Signer(Protocol):
    """Holds the host wallet's key."""

    @property
    def address(self) -> str:
        """The wallet's address in EIP-55 form."""
        ...

    def sign(self, transfer: UnsignedTransfer) -> SignedTransfer:
        """Sign an EIP-1559 transaction. Nothing leaves this process.

        No ETH to the wallet itself is a cancel. Raises PermanentError for what must not be signed.
        """
        ...


class JoinOutcome(StrEnum):
    """What became of a request to join."""

    DONE = "done"
    ALREADY_INSIDE = "already_inside"
    NO_REQUEST = "no_request"


class Presence(StrEnum):
    """Where a person stands in a chat."""

    OUTSIDE = "outside"
    INSIDE = "inside"
    PROTECTED = "protected"  # owns or runs the chat, or is a bot: nobody for us to take out


class RecipientUnreachableError(PermanentError):
    """This person cannot be written to: blocked the bot, or is gone."""


class Messenger(Protocol):
    """Telegram's Bot API. Every method raises ProviderError."""

    def username(self) -> str:
        """The bot's own name, as links to it carry it, without the @."""
        ...

    def is_inside(self, chat_id: int, telegram_user_id: int) -> bool:
        """Whether the person is in the chat now."""
        ...

    def presence(self, chat_id: int, telegram_user_id: int) -> Presence:
        """Where the person stands in the chat now."""
        ...

    def remove(self, chat_id: int, telegram_user_id: int) -> None:
        """Take somebody out, who may come back by a new link; who is out stays out, unbanned.

        The owner of a chat and those who run it are never taken out: PermanentError.
        """
        ...

    def create_join_link(self, chat_id: int, name: str, expires_at: datetime) -> str:
        """Make a link by which one can ask to join. Not idempotent."""
        ...

    def revoke_link(self, chat_id: int, url: str) -> None:
        """Make a link useless; doing it again changes nothing."""
        ...

    def approve(self, chat_id: int, telegram_user_id: int) -> JoinOutcome:
        """Let in whoever asked to join."""
        ...

    def decline(self, chat_id: int, telegram_user_id: int) -> JoinOutcome:
        """Refuse whoever asked to join."""
        ...

    def send(self, telegram_user_id: int, message: Message) -> None:
        """Write to a person. Raises RecipientUnreachableError where that cannot be done."""
        ...

    def edit(self, telegram_user_id: int, message_id: int, message: Message) -> None:
        """Show something else in a message of ours to a person; showing it again is no change.

        Raises PermanentError where the message is gone.
        """
        ...

    def answer_press(self, press_id: str, text: str | None) -> None:
        """End the waiting of whoever pressed a button, with a short word if there is one.

        Has no effect, and raises nothing, once Telegram waits no more.
        """
        ...

    def post(self, chat_id: int, message: Message) -> int:
        """Write into a chat; the message's id there. Not idempotent."""
        ...

    def delete_message(self, chat_id: int, message_id: int) -> None:
        """Take back what we wrote into a chat; what is gone is a success."""
        ...

    def missing_rights(self, chat_id: int, needed: Sequence[str]) -> list[str]:
        """Which of the Bot API's administrator rights the bot lacks in a chat."""
        ...


class DraftKind(StrEnum):
    """What somebody can have begun in the bot; one of each kind at most."""

    KEYPAD = "keypad"
    FORM = "form"


class DraftChangedError(Exception):
    """The draft was changed since it was read."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was kept, and by which version it is replaced only if nobody else has done so."""

    content: Mapping[str, Any]
    version: str


class Drafts(Protocol):
    """What people have begun and not finished. All of it may vanish at any time."""

    def get(self, kind: DraftKind, telegram_user_id: int) -> Draft | None: ...
    def put(
        self,
        kind: DraftKind,
        telegram_user_id: int,
        content: Mapping[str, Any],
        version: str | None,
    ) -> None:
        """Keep this in place of that version, or of whatever there is. Raises DraftChangedError."""
        ...

    def delete(self, kind: DraftKind, telegram_user_id: int, version: str) -> None:
        """Forget that version. Raises DraftChangedError."""
        ...


class Publisher(Protocol):
    def publish(self, event: Event, seconds: float) -> bool:
        """Hand an event to the topic named by its type; whether it is stored there.

        Waits at most so long. False says nothing: it may be stored all the same.
        """
        ...


# ---- the database --------------------------------------------------------------------------------


class Leased(StrEnum):
    """Rows around whose external calls a lease is taken."""

    ORDER = "orders"
    INVITE = "invites"
    JOIN_REQUEST = "join_requests"
    SWAP = "swaps"
    TRANSFER = "transfers"
    NOTICE = "notices"
    MEMBERSHIP = "memberships"
    BROADCAST = "broadcasts"


class Watched(StrEnum):
    """Rows that a tick visits until they are done."""

    PAYMENT = "payments"
    INVITE = "invites"
    JOIN_REQUEST = "join_requests"
    SHARE = "shares"
    PAYOUT = "payouts"
    SWAP = "swaps"
    TRANSFER = "transfers"
    NOTICE = "notices"
    ORDER = "orders"
    DEAD_LETTER = "dead_letters"
    MEMBERSHIP = "memberships"


@dataclass(frozen=True, slots=True)
class Lease:
    """Our right to work on one row until `until`."""

    kind: Leased
    id: UUID
    token: UUID
    until: datetime


class Leases(Protocol):
    def claim(self, lease: Lease, now: datetime) -> bool:
        """Take the lease unless another one is alive. False: it is, or there is no such row."""
        ...

    def holds(self, lease: Lease) -> bool:
        """Whether the row, which is locked by this, still carries our token."""
        ...

    def release(self, lease: Lease) -> None:
        """Give the lease back, if it is still ours."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """A watched row whose time has come. `state` is as stored; `group_id` is its channel.

    `asset_id` is that of a share or payout.
    """

    kind: Watched
    id: UUID
    state: str
    group_id: UUID | None
    asset_id: str | None = None


class Watches(Protocol):
    def failing_since(self, kind: Watched, row_id: UUID) -> datetime | None:
        """When the present run of failures began; None if there is none."""
        ...

    def failed(self, kind: Watched, row_id: UUID, now: datetime, next_at: datetime) -> None:
        """Count an expected failure and look again at `next_at`."""
        ...

    def wait(self, kind: Watched, row_id: UUID, next_at: datetime) -> None:
        """Look again at `next_at`; the last look was no failure."""
        ...

    def take_due(self, kind: Watched, now: datetime, next_at: datetime, limit: int) -> list[Due]:
        """The rows longest due, oldest first, now resting until `next_at`."""
        ...

    def is_open(self, kind: Watched, row_id: UUID) -> bool:
        """Whether the row is still on its way."""
        ...

    def take_overdue(
        self, kind: Watched, now: datetime, next_at: datetime, limit: int
    ) -> list[Due]:
        """Rows past their deadline, whose deadline moves to `next_at`."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """A Telegram user as an update shows them."""

    id: int
    first_name: str
    username: str | None
    language_code: str | None


class People(Protocol):
    def seen(self, person: Person, now: datetime) -> None: ...
    def mark_blocked(self, telegram_user_id: int, now: datetime) -> None: ...
    def is_known(self, telegram_user_id: int) -> bool:
        """Whether this person has ever spoken to the bot, or was imported."""
        ...

    def add_unseen(self, telegram_user_id: int, now: datetime) -> None:
        """Make room for what is kept about someone of whom only the id is known."""
        ...

    def manners(self, telegram_user_id: int) -> Manners:
        """How this person wants to be spoken to; of somebody unknown, nothing is known."""
        ...

    def save_manners(self, telegram_user_id: int, manners: Manners, now: datetime) -> None:
        """Keep what somebody known has chosen; the language of their app is not chosen here."""
        ...

    def wants_news(self, telegram_user_id: int) -> bool:
        """Whether this person has an account, and wants to hear of all that happens to it."""
        ...

    def want_news(self, telegram_user_id: int, *, wanted: bool) -> None: ...
    def lock_accounts(self, ids: Sequence[UUID]) -> list[OwnerAccount]:
        """These accounts, locked in the order of their ids."""
        ...

    def add_token(
        self,
        digest: bytes,
        purpose: TokenPurpose,
        account_id: UUID,
        now: datetime,
        expires_at: datetime,
    ) -> None:
        """Keep a token of an account, locked by us, in place of its last one for this purpose."""
        ...

    def token_account(self, digest: bytes, purpose: TokenPurpose, now: datetime) -> UUID | None:
        """Whose token this is, if it is good now."""
        ...

    def use_token(self, digest: bytes, now: datetime) -> bool:
        """Use a token up; whether it was good until now."""
        ...

    def join_accounts(self, old_id: UUID, new_id: UUID) -> None:
        """All that one account has is another's from now on; both are locked by us."""
        ...

    def tie(self, account_id: UUID, telegram_user_id: int) -> None:
        """Let an account be that of a person in Telegram."""
        ...

    def account_of(self, telegram_user_id: int) -> UUID | None: ...
    def lock_account_of(self, telegram_user_id: int) -> UUID | None: ...
    def add_account(self, account_id: UUID, telegram_user_id: int, now: datetime) -> None: ...


class Channels(Protocol):
    def add(self, channel: Channel, chats: Sequence[Chat], now: datetime) -> None: ...
    def add_tier(self, tier: Tier, now: datetime) -> None: ...
    def add_offer_link(self, link_id: str, tier_id: UUID, now: datetime) -> None: ...
    def count(self, account_id: UUID) -> int: ...
    def taken_chats(self, chat_ids: Sequence[int]) -> set[int]: ...
    def lock(self, channel_id: UUID) -> Channel | None: ...
    def get(self, channel_id: UUID) -> Channel | None: ...
    def closed_chat(self, channel_id: UUID) -> Chat: ...
    def owned_by(self, telegram_user_id: int) -> list[tuple[UUID, str]]:
        """Id and title of each channel of this person's account that is not closed, oldest first.

        An account has few of them.
        """
        ...

    def is_sold(self, channel_id: UUID) -> bool:
        """Whether anybody ever ordered of it, or was let in."""
        ...

    def remove_tier(self, tier_id: UUID, now: datetime) -> None:
        """Take a tier off sale for good; what was ordered of it keeps its terms."""
        ...

    def move_chat(self, old_id: int, new_id: int) -> bool:
        """Take over another id of a chat of ours, unless that is another chat of ours."""
        ...

    def save_chat(self, channel_id: UUID, chat: Chat) -> None:
        """Keep a chat, which may have another id now, in the place of its role."""
        ...

    def want_payout(self, channel_id: UUID, *, wanted: bool) -> None:
        """Whether all that is held is to go out next, whatever the threshold says."""
        ...

    def due_for_payout(self, now: datetime, limit: int) -> list[UUID]:
        """Channels whose held balance is to be paid out and that have no payout forming for it."""
        ...

    def save_payout(self, channel: Channel) -> None:
        """Keep how and where the channel's owner is paid, and until when nothing is."""
        ...

    def save_closing(self, channel: Channel) -> None:
        """Keep since when a channel is closing, or closed."""
        ...

    def save_access(self, channel: Channel) -> None:
        """Keep how long people may stay after their end, and until when any number may go."""
        ...

    def news_reader(self, channel_id: UUID) -> int | None:
        """The channel's owner in Telegram, if they want to hear of all that happens to it."""
        ...

    def renewal_link(self, channel_id: UUID, telegram_user_id: int) -> str | None:
        """The offer by which somebody goes on: what they bought last, or the first that is sold."""
        ...

    def left_to_do(self, channel_id: UUID, now: datetime) -> LeftToDo:
        """What keeps a channel from being closed."""
        ...

    def take_wound_down(self, now: datetime, limit: int) -> list[UUID]:
        """Closing channels with nothing left to do, which are closed by this."""
        ...

    def owner_of(self, channel_id: UUID) -> int | None:
        """The Telegram user whose account a channel belongs to, if it has one."""
        ...

    def of_chat(self, chat_id: int) -> tuple[UUID, Chat] | None:
        """The channel that a chat belongs to, in either role."""
        ...

    def sold_by_chat(self, chat_id: int) -> UUID | None:
        """The channel whose closed chat this is."""
        ...

    def showcase(self, channel_id: UUID) -> Showcase:
        """What is to be shown of a channel in its chats: its tiers on sale, by position."""
        ...

    def offer(self, link_id: str) -> Offer | None:
        """What a link leads to; a removed tier is still found, with its `removed_at`."""
        ...


class Broadcasts(Protocol):
    def add(self, broadcast: Broadcast) -> None: ...
    def lock(self, broadcast_id: UUID) -> Broadcast | None: ...
    def lock_of(self, channel_id: UUID) -> list[Broadcast]:
        """All of a channel, by kind."""
        ...

    def channel_of_link(self, link_id: str) -> UUID | None:
        """The channel that a donations' button with this link is for, while it is not closing."""
        ...

    def donatable(self, telegram_user_id: int, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Link and title of each channel that a person has access to, and that is not closing."""
        ...

    def save(self, broadcast: Broadcast) -> None: ...
    def take_due(self, now: datetime, next_at: datetime, limit: int) -> list[UUID]:
        """Those longest due, oldest first, which are looked at again at `next_at`."""
        ...


class Orders(Protocol):
    def add(self, order: Order) -> bool:
        """Add an order; False if this person has an open one for the tier, or it is there."""
        ...

    def get(self, order_id: UUID) -> Order | None: ...
    def lock(self, order_id: UUID) -> Order | None: ...
    def lock_root(self, order_id: UUID) -> Order | None:
        """Lock an order, or of one for the rest of another that other one, which comes first."""
        ...

    def lock_top_up(self, order_id: UUID) -> Order | None:
        """The open order for the rest of this one, which is locked by us."""
        ...

    def open_top_up(self, telegram_user_id: int, tier_id: UUID) -> Order | None:
        """The open order for the rest of what this person has paid a part of; without a lock."""
        ...

    def open_one(self, telegram_user_id: int, tier_id: UUID, kind: OrderKind) -> Order | None: ...
    def save(self, order: Order) -> None: ...
    def expire(self, now: datetime, limit: int) -> list[UUID]:
        """End open orders past their deadline; those that have an invoice."""
        ...


@dataclass(frozen=True, slots=True)
class StoredReport:
    """`is_news` is False when exactly these bytes were stored for the payment before."""

    payment_id: UUID
    is_news: bool


class Payments(Protocol):
    def store_report(
        self, payment: Payment, body: str, source: EventSource, now: datetime
    ) -> StoredReport:
        """Keep a report for good; `payment` is added if the provider's id is new."""
        ...

    def get(self, payment_id: UUID) -> Payment | None: ...
    def lock(self, payment_id: UUID) -> Payment | None: ...
    def bodies(self, payment_id: UUID) -> list[str]:
        """Every different body that was ever reported, oldest first."""
        ...

    def has_any_of(self, order_id: UUID) -> bool:
        """Whether the provider has ever told us of a payment of this order."""
        ...

    def has_other_under_way(self, payment: Payment) -> bool:
        """Whether another payment of the same order may still finish."""
        ...

    def statuses_of(self, order_id: UUID) -> frozenset[PaymentStatus]:
        """Those of all payments of an order."""
        ...

    def is_any_arriving(self, order_id: UUID) -> bool:
        """Whether the provider has seen money for an order, or its rest, that is not settled."""
        ...

    def is_any_under_way(self) -> bool:
        """Whether any payment may still finish, or has a report that nobody applied."""
        ...

    def news_applied(self, payment_id: UUID) -> None:
        """Remember that all stored reports of a payment, locked by us, are applied."""
        ...

    def take_unapplied(self, before: datetime, now: datetime, limit: int) -> list[UUID]:
        """Payments with a report from before then that nobody applied, now waiting anew."""
        ...

    def save(self, payment: Payment) -> None: ...


class Credits(Protocol):
    def add(self, credit: Credit) -> None: ...
    def of_payment(self, payment_id: UUID) -> Credit | None: ...
    def lock_of_payment(self, payment_id: UUID) -> Credit | None: ...
    def lock_unspent(self, order_id: UUID) -> list[Credit]:
        """What came for an order, which is locked by us, and bought nothing yet; oldest first.

        Without what the provider says that it gave back.
        """
        ...

    def is_any_unspent(self, order_id: UUID) -> bool:
        """Whether something like that is there; without a lock."""
        ...

    def due(self, now: datetime, limit: int) -> list[UUID]:
        """Payments whose credit is to be booked: taken by a purchase, or nobody paid the rest."""
        ...

    def save(self, credit: Credit) -> None: ...


@dataclass(frozen=True, slots=True)
class Removals:
    """Of one channel: how many were removed, or are just being, and how many are in by us."""

    removed: int
    let_in: int


class Memberships(Protocol):
    def find(self, membership_id: UUID) -> Membership | None: ...
    def of_person(self, telegram_user_id: int, limit: int) -> list[Membership]:
        """A person's memberships that were ever active, newest end first."""
        ...

    def last_period(self, membership_id: UUID) -> Period | None:
        """The grant that ends last."""
        ...

    def removals(self, channel_id: UUID, since: datetime, besides: UUID) -> Removals:
        """What has been removed since then, but for this membership."""
        ...

    def get(self, channel_id: UUID, telegram_user_id: int) -> Membership | None: ...
    def lock(self, fresh: Membership) -> Membership:
        """The locked row of this channel and person; `fresh` is added where there is none."""
        ...

    def save(self, membership: Membership) -> None: ...
    def add_period(
        self,
        period_id: UUID,
        membership_id: UUID,
        payment_id: UUID | None,
        period: Period,
        now: datetime,
    ) -> None:
        """Write a grant down; without a payment it is one of the owner's."""
        ...

    def look_soon(self, channel_id: UUID, now: datetime) -> None:
        """Have a channel's members looked at again whose access is over."""
        ...

    def owner_of_period(self, period_id: UUID) -> UUID | None:
        """The membership that a grant was made to, if it was made."""
        ...

    def cut_periods(self, membership_id: UUID, now: datetime) -> None:
        """End now what runs, and what was to begin later; the grants stay on record."""
        ...


class Invites(Protocol):
    def add(self, invite: Invite) -> None: ...
    def get(self, invite_id: UUID) -> Invite | None: ...
    def lock(self, invite_id: UUID) -> Invite | None: ...
    def save(self, invite: Invite) -> None: ...
    def has_live(self, order_id: UUID) -> bool: ...
    def is_any_creating(self, membership_id: UUID) -> bool:
        """Whether a link for this person is being made or delivered."""
        ...

    def is_ours(self, link_name: str) -> bool: ...
    def lock_live(self, membership_id: UUID) -> list[Invite]:
        """The live invites of one person to one channel."""
        ...

    def recipient(self, invite_id: UUID) -> tuple[UUID, int]:
        """Channel and Telegram user that an invite is for."""
        ...


class JoinRequests(Protocol):
    def add(self, request: JoinRequest) -> bool:
        """Add a request; False if it is stored already."""
        ...

    def get(self, request_id: UUID) -> JoinRequest | None: ...
    def lock(self, request_id: UUID) -> JoinRequest | None: ...
    def save(self, request: JoinRequest) -> None: ...


class Shares(Protocol):
    def add(self, share: Share) -> None: ...
    def lock_of_payment(self, payment_id: UUID) -> Share | None: ...
    def lock_waiting(
        self, channel_id: UUID, state: ShareState, asset: Asset, limit: int
    ) -> list[Share]:
        """A channel's shares in this state, oldest first."""
        ...

    def lock_pooled(self, asset: Asset, limit: int) -> list[Share]:
        """Pending shares of all threshold channels, oldest first."""
        ...

    def held(self, channel_id: UUID) -> Money:
        """What is held for a channel's owner, as its own transactions see it; without a lock."""
        ...

    def lock_of_payout(self, payout_id: UUID) -> list[Share]: ...
    def save(self, share: Share) -> None: ...


class Payouts(Protocol):
    def add(self, payout: Payout) -> None: ...
    def get(self, payout_id: UUID) -> Payout | None: ...
    def lock(self, payout_id: UUID) -> Payout | None: ...
    def lock_pool(self, asset: Asset) -> None:
        """Let nobody else form a conversion of this asset until the transaction ends."""
        ...

    def lock_unfunded(
        self, channel_id: UUID | None, strategy: Strategy, asset: Asset
    ) -> Payout | None:
        """The payout of a channel, or the conversion, that nothing was signed for yet."""
        ...

    def save(self, payout: Payout) -> None: ...
    def take_share(self, payout_id: UUID, share_id: UUID) -> None: ...
    def note_part(self, payout_id: UUID, share_id: UUID, weight: Money, part: Money) -> None:
        """Keep what a share gave to a conversion, and what it got of its result."""
        ...

    def release_shares(self, payout_id: UUID, now: datetime) -> None:
        """The payout carries its shares no more."""
        ...

    def rounds_of(self, share_ids: Sequence[UUID]) -> int:
        """How often money of these shares went out and came back, at most."""
        ...

    def sent_since(self, since: datetime, channel_id: UUID) -> DaySent:
        """What was signed for owners since then and has not come back."""
        ...

    def has_wrong_share(self, payout_id: UUID) -> bool:
        """Whether a share is other than its payment's receipt less the fee."""
        ...

    def has_refunded_payment(self, payout_id: UUID) -> bool:
        """Whether the provider gave one of the payout's payments back to its payer."""
        ...


class SwapEventKind(StrEnum):
    """What is kept of a swap for good."""

    CREATED = "created"
    DIFFERENCE = "difference"
    ORPHAN = "orphan"
    STATUS = "status"


class Swaps(Protocol):
    def add(self, swap: Swap) -> None: ...
    def get(self, swap_id: UUID) -> Swap | None: ...
    def lock(self, swap_id: UUID) -> Swap | None: ...
    def lock_live(self, payout_id: UUID) -> Swap | None:
        """The payout's swap that was neither abandoned nor refunded."""
        ...

    def save(self, swap: Swap) -> None: ...
    def is_any_funded(self) -> bool:
        """Whether an exchange has our money, which may come back or bring us something."""
        ...

    def keep(self, swap_id: UUID, kind: SwapEventKind, body: str, now: datetime) -> None:
        """Keep what was said about a swap, word for word."""
        ...


class Currencies(Protocol):
    def get(self, asset_id: str) -> Currency | None: ...
    def all(self) -> list[Currency]: ...
    def refresh(self, listings: Sequence[Listing], now: datetime) -> None:
        """Take over what the provider says; a coin that it does not list is not offered."""
        ...


class Transfers(Protocol):
    def add(self, transfer: Transfer) -> None: ...
    def get(self, transfer_id: UUID) -> Transfer | None: ...
    def lock(self, transfer_id: UUID) -> Transfer | None: ...
    def save(self, transfer: Transfer) -> None: ...
    def attempts(self, transfer_id: UUID) -> list[Attempt]: ...
    def add_attempt(self, attempt: Attempt) -> None: ...
    def of_swap(self, swap_id: UUID) -> Transfer | None:
        """The transfer that funds a swap."""
        ...

    def lock_of_payout(self, payout_id: UUID) -> list[Transfer]:
        """All that were ever made for a payout, oldest first."""
        ...

    def unfinal(self, wallet_address: str) -> list[Transfer]:
        """Those of a wallet whose bytes exist and are not final on the chain."""
        ...

    def lock_unsent(self, payout_id: UUID) -> Transfer | None:
        """The payout's transfer that has no bytes yet and still stands for it."""
        ...

    def waiting_for_slot(self, wallet_address: str, now: datetime, limit: int) -> list[UUID]:
        """Authorised transfers of a wallet that no delivery has a lease on, oldest first."""
        ...

    def lowest_unmined(self, wallet_address: str) -> UUID | None:
        """The transfer with the lowest nonce that has no receipt."""
        ...


class Wallets(Protocol):
    def add(self, wallet: Wallet, now: datetime) -> None:
        """Make the wallet's row unless it is there."""
        ...

    def lock(self, address: str) -> Wallet | None: ...
    def is_frozen(self, address: str) -> bool:
        """Whether nothing may be sent from it until a person has looked; without a lock."""
        ...

    def save(self, wallet: Wallet) -> None: ...
    def reserve(self, transfer: Transfer, gas_wei: int, now: datetime) -> None: ...
    def unreserve(self, transfer_id: UUID) -> None: ...
    def reserved(self, asset: Asset, *, besides: UUID) -> tuple[int, int]:
        """Base units and gas (wei) reserved by all transfers but this one."""
        ...


class Ledger(Protocol):
    def post(self, posting: Posting, transaction_id: UUID, now: datetime) -> bool:
        """Write a posting; False if the same event was posted before."""
        ...

    def is_posted(self, kind: PostingKind, subject_id: str) -> bool: ...
    def is_counted(self, tx_hash: str) -> bool:
        """Whether a transaction that paid our wallet is in the books already."""
        ...

    def count(self, tx_hash: str, kind: PostingKind, subject_id: str, now: datetime) -> bool:
        """Take a transaction (0x and lower-case hex) for this posting; False if it is taken."""
        ...

    def balance(self, account: Account, asset: Asset) -> Money: ...
    def disagreements(self) -> list[str]:
        """What the books say against themselves, for people; empty if all is well."""
        ...

    def balances(self) -> list[Balance]: ...


class Statements(Protocol):
    def rows(self, account_id: UUID, channel_id: UUID) -> list[Mapping[str, str | None]]:
        """What a channel of the account has to do with money, oldest first, as texts.

        Each row has `domain.statement.COLUMNS`.
        """
        ...


class Standings(Protocol):
    def find(self, viewer: Viewer, kind: Explained, subject_id: UUID) -> Standing | None:
        """Where it stands; None where it is not there, or does not concern the viewer."""
        ...


class Notices(Protocol):
    def add(self, notice: Notice) -> bool:
        """Add a notice; False if what happened was told already."""
        ...

    def get(self, notice_id: UUID) -> Notice | None: ...
    def lock(self, notice_id: UUID) -> Notice | None: ...
    def save(self, notice: Notice) -> None: ...


class Reviews(Protocol):
    def open(self, finding: Finding, item_id: UUID, now: datetime) -> bool:
        """Open an item; False if one is open for the same subject and reason."""
        ...

    def lock(self, item_id: UUID) -> ReviewItem | None: ...
    def close(self, subject: Subject, subject_id: str, reason: Reason, now: datetime) -> bool:
        """Close the open item, if there is one; whether there was."""
        ...

    def close_moved_on(self, kind: Watched, subject: Subject, now: datetime) -> int:
        """Close what is open only because a row stood still, once the row is done; how many."""
        ...


class Controls(Protocol):
    def sends_stopped(self) -> bool: ...
    def removals_stopped(self) -> bool: ...
    def turn_on(self, switch: Switch, by: Operator, now: datetime) -> bool:
        """Whether it was off before."""
        ...

    def turn_off(self, switch: Switch) -> bool:
        """Whether it was on before."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxRow:
    id: int
    event: Event


class Outbox(Protocol):
    def add(self, event: Event, now: datetime) -> None:
        """Publish this event once the transaction has committed."""
        ...

    def left_behind(self, before: datetime, limit: int) -> list[OutboxRow]: ...
    def delete(self, row_ids: Sequence[int]) -> None: ...


@dataclass(frozen=True, slots=True)
class DeadLetter:
    id: UUID
    message_id: str
    subscription: str
    event_type: str | None
    entity_id: UUID | None
    body: str
    attributes: Mapping[str, str]


class Delivery(Protocol):
    """Inbox, ticks, dead letters, rates and the audit log."""

    def first_time(self, key: str, now: datetime) -> bool:
        """Remember a delivery; False if its effect is committed already."""
        ...

    def start_tick(self, name: str, slot: int, now: datetime) -> bool: ...
    def add_dead_letter(self, letter: DeadLetter, now: datetime) -> bool: ...
    def dead_letter(self, letter_id: UUID) -> DeadLetter | None: ...
    def close_dead_letter(self, letter_id: UUID, now: datetime) -> None: ...
    def take_token(self, bucket: str, per_second: int, now: datetime) -> datetime | None:
        """Take one token; None if it was there, else when to ask again."""
        ...

    def pause(self, bucket: str, until: datetime) -> None: ...
    def audit(
        self,
        actor: str,
        action: str,
        subject: tuple[str, str],
        detail: Mapping[str, Any],
        now: datetime,
    ) -> None: ...


class Transaction(Protocol):
    """One database transaction.

    Rows are locked in the order payment → order → credit → channel → broadcast → join request →
    membership → invite → payout → swap → share → transfer → wallet, so that no two transactions
    wait in a ring.
    """

    people: People
    channels: Channels
    broadcasts: Broadcasts
    orders: Orders
    payments: Payments
    credits: Credits
    memberships: Memberships
    invites: Invites
    join_requests: JoinRequests
    shares: Shares
    payouts: Payouts
    swaps: Swaps
    currencies: Currencies
    transfers: Transfers
    wallets: Wallets
    ledger: Ledger
    statements: Statements
    standings: Standings
    notices: Notices
    reviews: Reviews
    controls: Controls
    outbox: Outbox
    delivery: Delivery
    leases: Leases
    watches: Watches


class Database(Protocol):
    def transaction(self) -> AbstractContextManager[Transaction]:
        """Commit at the end of the block, roll back on any exception.

        Raises DatabaseUnavailableError when the database does not answer.
        """
        ...

    def forget_published(self, row_ids: Sequence[int]) -> None:
        """Delete rows of the outbox that the broker has.

        A crash of the database may bring them back, and they are published once more. Raises
        DatabaseUnavailableError.
        """
        ...


class Ports(Protocol):
    """Everything that a use case may be given."""

    @property
    def policy(self) -> Policy: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def database(self) -> Database: ...
    @property
    def provider(self) -> PaymentProvider: ...
    @property
    def swaps(self) -> SwapProvider: ...
    @property
    def chain(self) -> Chain: ...
    @property
    def signer(self) -> Signer: ...
    @property
    def messenger(self) -> Messenger: ...
    @property
    def drafts(self) -> Drafts: ...
