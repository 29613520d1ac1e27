"""What a deployment is told through its environment: one frozen model per concern.

A function names the concerns that it needs; all that is wrong with any of them is reported at once
and by name, without values. Defaults are those of `Policy`, which are production's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from shared_lib.domain.money import USDT
from shared_lib.domain.policy import Policy
from shared_lib.runtime.setting_types import (
    Address,
    BasisPoints,
    BotToken,
    CloudSqlInstance,
    Count,
    DatabaseUrl,
    Email,
    PrivateKey,
    ProjectId,
    PublicUrl,
    Seconds,
    Secret,
    SecretUrl,
    SettlementAsset,
    WebhookSecret,
    Word,
    is_placeholder,
)

_PRODUCTION = Policy()


class SettingsError(Exception):
    """The environment lacks settings or holds bad ones; `problems` has one line for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("settings are not right:\n" + "\n".join(f"  {line}" for line in problems))
        self.problems = tuple(problems)


class Concern(BaseModel):
    """Settings that belong together; each field's alias is the name in the environment."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


ConcernT = TypeVar("ConcernT", bound=Concern)


class LogSettings(Concern):
    """`K_SERVICE` is set by Cloud Run, `FUNCTION_TARGET` by whoever starts a function."""

    format: Literal["json", "console"] = Field("json", alias="LOG_FORMAT")
    cloud_service: Word | None = Field(None, alias="K_SERVICE")
    target: Word | None = Field(None, alias="FUNCTION_TARGET")

    @property
    def service(self) -> str:
        """The name under which this process logs."""
        return self.cloud_service or self.target or "unnamed"


class DatabaseSettings(Concern):
    """A URL, or an instance of Cloud SQL with IAM login."""

    url: DatabaseUrl | None = Field(None, alias="DATABASE_URL")
    instance: CloudSqlInstance | None = Field(None, alias="CLOUD_SQL_INSTANCE")
    user: Word | None = Field(None, alias="DB_USER")
    name: Word | None = Field(None, alias="DB_NAME")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.url is None and not (self.instance and self.user and self.name):
            raise ValueError(
                "DATABASE_URL, or all of CLOUD_SQL_INSTANCE, DB_USER and DB_NAME, is missing"
            )
        if self.url is not None and self.instance is not None:
            raise ValueError("DATABASE_URL and CLOUD_SQL_INSTANCE exclude each other")
        return self


class PubSubSettings(Concern):
    project_id: ProjectId = Field(alias="GOOGLE_CLOUD_PROJECT")


class PushSettings(Concern):
    """Who may push to this function, and for which address the token must be made out."""

    audience: Word = Field(alias="PUSH_AUDIENCE")
    service_account: Email = Field(alias="PUSH_SERVICE_ACCOUNT")


class TickSettings(Concern):
    """How often ticks come; a tick's slot is its publish time divided by this."""

    reconcile_seconds: Seconds = Field(60.0, alias="RECONCILE_SECONDS")
    refresh_currencies_seconds: Seconds = Field(3_600.0, alias="REFRESH_CURRENCIES_SECONDS")
    batch_payouts_seconds: Seconds = Field(300.0, alias="BATCH_PAYOUTS_SECONDS")
    expire_subscriptions_seconds: Seconds = Field(60.0, alias="EXPIRE_SUBSCRIPTIONS_SECONDS")
    broadcast_offers_seconds: Seconds = Field(300.0, alias="BROADCAST_OFFERS_SECONDS")
    audit_books_seconds: Seconds = Field(86_400.0, alias="AUDIT_BOOKS_SECONDS")


class ProviderSettings(Concern):
    """To ask NOWPayments."""

    base_url: PublicUrl = Field(alias="NOWPAYMENTS_BASE_URL")
    api_key: Secret = Field(alias="NOWPAYMENTS_API_KEY")


class ProviderLoginSettings(Concern):
    """To ask NOWPayments for lists of payments, which takes a login beside the key."""

    email: Secret = Field(alias="NOWPAYMENTS_EMAIL")
    password: Secret = Field(alias="NOWPAYMENTS_PASSWORD")


class CallbackSettings(Concern):
    """To recognise NOWPayments' callbacks."""

    ipn_secret: Secret = Field(alias="NOWPAYMENTS_IPN_SECRET")


class SwapSettings(Concern):
    """To ask ChangeNOW."""

    base_url: PublicUrl = Field(alias="CHANGENOW_BASE_URL")
    api_key: Secret = Field(alias="CHANGENOW_API_KEY")


class TelegramSettings(Concern):
    """To ask Telegram."""

    base_url: PublicUrl = Field(alias="TELEGRAM_BASE_URL")
    bot_token: BotToken = Field(alias="TELEGRAM_BOT_TOKEN")


class WebhookSettings(Concern):
    """To recognise Telegram's updates."""

    secret: WebhookSecret = Field(alias="TELEGRAM_WEBHOOK_SECRET")


class ChainSettings(Concern):
    """The node's URL often carries a key, so all of it is a secret."""

    rpc_url: SecretUrl = Field(alias="ETHEREUM_RPC_URL")
    chain_id: Count = Field(alias="ETHEREUM_CHAIN_ID")
    confirmations: Count = Field(_PRODUCTION.confirmations, alias="ETHEREUM_CONFIRMATIONS")
    usdt_contract: Address | None = Field(None, alias="USDT_CONTRACT")

    @property
    def tokens(self) -> dict[str, str]:
        """Contracts by asset id."""
        return {} if self.usdt_contract is None else {USDT.id: self.usdt_contract}


class TokenSettings(Concern):
    """The token that is held, where a function only has to know it and asks no node."""

    usdt_contract: Address | None = Field(None, alias="USDT_CONTRACT")


class WalletSettings(Concern):
    """The host wallet, for whoever watches or pays from it."""

    host_wallet: Address = Field(alias="HOST_WALLET_ADDRESS")


class SignerSettings(Concern):
    """The host wallet's key, for whoever signs."""

    private_key: PrivateKey = Field(alias="HOST_WALLET_PRIVATE_KEY")


class InvoiceSettings(Concern):
    """Where payers come back to, and where the provider reports."""

    public_url: PublicUrl = Field(alias="PUBLIC_URL")
    ipn_url: PublicUrl = Field(alias="IPN_URL")


class PolicySettings(Concern):
    """The numbers of `Policy`, each with production's value as default."""

    fee_bps: BasisPoints = Field(_PRODUCTION.fee_bps, alias="PLATFORM_FEE_BPS")
    settlement_asset: SettlementAsset = Field(
        _PRODUCTION.settlement_asset.id, alias="SETTLEMENT_ASSET"
    )
    call_seconds: Seconds = Field(_PRODUCTION.call_seconds, alias="CALL_SECONDS")
    lease_seconds: Seconds = Field(_PRODUCTION.lease_seconds, alias="LEASE_SECONDS")
    retry_floor_seconds: Seconds = Field(
        _PRODUCTION.retry_floor_seconds, alias="RETRY_FLOOR_SECONDS"
    )
    outbox_grace_seconds: Seconds = Field(
        _PRODUCTION.outbox_grace_seconds, alias="OUTBOX_GRACE_SECONDS"
    )
    payment_check_seconds: Seconds = Field(
        _PRODUCTION.payment_check_seconds, alias="PAYMENT_CHECK_SECONDS"
    )
    payment_check_most_seconds: Seconds = Field(
        _PRODUCTION.payment_check_most_seconds, alias="PAYMENT_CHECK_MOST_SECONDS"
    )
    transfer_check_seconds: Seconds = Field(
        _PRODUCTION.transfer_check_seconds, alias="TRANSFER_CHECK_SECONDS"
    )
    transfer_stuck_seconds: Seconds = Field(
        _PRODUCTION.transfer_stuck_seconds, alias="TRANSFER_STUCK_SECONDS"
    )
    swap_check_seconds: Seconds = Field(_PRODUCTION.swap_check_seconds, alias="SWAP_CHECK_SECONDS")
    swap_sign_seconds_least: Seconds = Field(
        _PRODUCTION.swap_sign_seconds_least, alias="SWAP_SIGN_SECONDS_LEAST"
    )
    swap_cancel_seconds: Seconds = Field(
        _PRODUCTION.swap_cancel_seconds, alias="SWAP_CANCEL_SECONDS"
    )
    swap_market_tolerance_bps: BasisPoints = Field(
        _PRODUCTION.swap_market_tolerance_bps, alias="SWAP_MARKET_TOLERANCE_BPS"
    )
    payout_wait_seconds: Seconds = Field(
        _PRODUCTION.payout_wait_seconds, alias="PAYOUT_WAIT_SECONDS"
    )
    notional_tolerance_bps: BasisPoints = Field(
        _PRODUCTION.notional_tolerance_bps, alias="NOTIONAL_TOLERANCE_BPS"
    )
    changenow_calls_per_second: Count = Field(
        _PRODUCTION.changenow_calls_per_second, alias="CHANGENOW_CALLS_PER_SECOND"
    )
    price_cents_least: Count = Field(_PRODUCTION.price_cents_least, alias="PRICE_CENTS_LEAST")
    order_check_seconds: Seconds = Field(
        _PRODUCTION.order_check_seconds, alias="ORDER_CHECK_SECONDS"
    )
    order_check_most_seconds: Seconds = Field(
        _PRODUCTION.order_check_most_seconds, alias="ORDER_CHECK_MOST_SECONDS"
    )
    order_lifetime_seconds: Seconds = Field(
        _PRODUCTION.order_lifetime.total_seconds(), alias="ORDER_LIFETIME_SECONDS"
    )
    credit_lifetime_seconds: Seconds = Field(
        _PRODUCTION.credit_lifetime.total_seconds(), alias="CREDIT_LIFETIME_SECONDS"
    )
    wallet_hold_seconds: Seconds = Field(
        _PRODUCTION.wallet_hold.total_seconds(), alias="WALLET_HOLD_SECONDS"
    )
    payout_cost_most_bps: BasisPoints = Field(
        _PRODUCTION.payout_cost_most_bps, alias="PAYOUT_COST_MOST_BPS"
    )
    transfer_cap_wei: Count = Field(_PRODUCTION.transfer_cap, alias="TRANSFER_CAP_WEI")
    usdt_transfer_cap: Count = Field(_PRODUCTION.usdt_transfer_cap, alias="USDT_TRANSFER_CAP")
    channel_day_cap_cents: Count = Field(
        _PRODUCTION.channel_day_cap_cents, alias="CHANNEL_DAY_CAP_CENTS"
    )
    platform_day_cap_cents: Count = Field(
        _PRODUCTION.platform_day_cap_cents, alias="PLATFORM_DAY_CAP_CENTS"
    )
    deposit_tolerance_bps: BasisPoints = Field(
        _PRODUCTION.deposit_tolerance_bps, alias="DEPOSIT_TOLERANCE_BPS"
    )

    telegram_messages_per_second: Count = Field(
        _PRODUCTION.telegram_messages_per_second, alias="TELEGRAM_MESSAGES_PER_SECOND"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.call_seconds < self.lease_seconds:
            raise ValueError("CALL_SECONDS must be less than LEASE_SECONDS")
        if not self.outbox_grace_seconds < self.lease_seconds:
            raise ValueError("OUTBOX_GRACE_SECONDS must be less than LEASE_SECONDS")
        if not self.payment_check_seconds <= self.payment_check_most_seconds:
            raise ValueError("PAYMENT_CHECK_SECONDS must not exceed PAYMENT_CHECK_MOST_SECONDS")
        if not self.swap_cancel_seconds < self.swap_sign_seconds_least:
            raise ValueError("SWAP_CANCEL_SECONDS must be less than SWAP_SIGN_SECONDS_LEAST")
        return self


class Settings:
    """The concerns that were read."""

    def __init__(self, concerns: Sequence[Concern]) -> None:
        self._by_type: dict[type[Concern], Concern] = {type(one): one for one in concerns}

    def has(self, concern: type[Concern]) -> bool:
        """Whether the function declared this concern."""
        return concern in self._by_type

    def of(self, concern: type[ConcernT]) -> ConcernT:
        """A concern's settings. Raises LookupError if the function did not declare it."""
        found = self._by_type.get(concern)
        if isinstance(found, concern):
            return found
        raise LookupError(f"this function did not declare {concern.__name__}")

    def secrets(self) -> Iterator[str]:
        """All secret values, so that logs can leave them out."""
        for concern in self._by_type.values():
            values = (getattr(concern, name) for name in type(concern).model_fields)
            yield from (one.get_secret_value() for one in values if isinstance(one, SecretStr))


def read_settings(environ: Mapping[str, str], *concerns: type[Concern]) -> Settings:
    """Read all concerns. Raises SettingsError with every problem of all of them."""
    values = {name: text.strip() for name, text in environ.items() if text.strip()}
    problems: list[str] = []
    read = [_read(concern, values, problems) for concern in dict.fromkeys(concerns)]
    settings = Settings([one for one in read if one is not None])
    problems.extend(_contradictions(settings))
    if problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    return settings


def _contradictions(settings: Settings) -> Iterator[str]:
    """What is wrong with concerns that are right one by one."""
    if not (settings.has(PolicySettings) and settings.has(ChainSettings)):
        return
    is_usdt = settings.of(PolicySettings).settlement_asset == USDT.id
    if is_usdt and settings.of(ChainSettings).usdt_contract is None:
        yield f"USDT_CONTRACT: is missing, and SETTLEMENT_ASSET is {USDT.id}"


def _read(concern: type[Concern], values: Mapping[str, str], problems: list[str]) -> Concern | None:
    """The concern's settings, or None after its problems were added."""
    names = [str(field.alias) for field in concern.model_fields.values()]
    given = {name: values[name] for name in names if name in values}
    unfilled = {name for name in given if is_placeholder(given[name])}
    problems.extend(f"{name}: holds a placeholder" for name in names if name in unfilled)
    try:
        return concern.model_validate(given)
    except ValidationError as error:
        faults = [(_name(fault), fault) for fault in error.errors()]
        problems.extend(_line(name, fault) for name, fault in faults if name not in unfilled)
        return None


def _name(fault: Any) -> str:
    """The setting that is at fault; empty for a rule about several."""
    return ".".join(str(part) for part in fault["loc"][:1])


def _line(name: str, fault: Any) -> str:
    missing = fault["type"] == "missing"
    text = "is missing" if missing else str(fault["msg"]).removeprefix("Value error, ")
    return f"{name}: {text}" if name else text
