"""Puts the adapters together: one of each per process, made when first used.

Functions make a `Wiring` when they are imported. That reads the settings, so that a function whose
settings are wrong refuses to start, and opens nothing: the server forks after the import.
"""

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from shared_lib.adapters.postgres.connect import Connect, cloud_sql_connector, connector
from shared_lib.adapters.pubsub import PubSubPublisher
from shared_lib.domain.policy import Policy
from shared_lib.ports import (
    Chain,
    Clock,
    Database,
    Drafts,
    Ids,
    Messenger,
    PaymentProvider,
    Signer,
    SwapProvider,
)
from shared_lib.runtime.logs import set_up_logs
from shared_lib.runtime.outbox import CommittedEvents
from shared_lib.runtime.policy import policy_from
from shared_lib.runtime.provider import DeclaredProvider
from shared_lib.runtime.settings import (
    ChainSettings,
    Concern,
    DatabaseSettings,
    LogSettings,
    PolicySettings,
    PubSubSettings,
    Settings,
    SettingsError,
    SignerSettings,
    SwapSettings,
    TelegramSettings,
    WalletSettings,
    read_settings,
)

T = TypeVar("T")
# A look at the chain takes several requests, which together must fit a delivery's time.
_NODE_REQUESTS_IN_A_CALL = 4
_ALWAYS = (LogSettings, DatabaseSettings, PubSubSettings, PolicySettings)


class SystemClock:
    """Implements the port `Clock`."""

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        return datetime.now(UTC)


class RandomIds:
    """Implements the port `Ids`."""

    def new(self) -> UUID:
        """A fresh random id."""
        return uuid4()

    def offer_link(self) -> str:
        """128 random bits as 22 URL-safe characters."""
        return secrets.token_urlsafe(16)


class Once(Generic[T]):
    """Makes a thing when it is first asked for, once, whichever thread asks."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """The thing. What making it raises is raised, and tried again next time."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]


class Wiring:
    """Implements `Ports` with the real adapters.

    What needs settings that the function did not declare raises LookupError when it is used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.policy: Policy = policy_from(settings)
        self.clock: Clock = SystemClock()
        self.ids: Ids = RandomIds()
        self.events = CommittedEvents(PubSubPublisher(settings.of(PubSubSettings).project_id))
        self.provider: PaymentProvider = DeclaredProvider(settings, self.policy.call_seconds)
        self._database = Once(self._make_database)
        self._swaps = Once(self._make_swaps)
        self._chain = Once(self._make_chain)
        self._signer = Once(self._make_signer)
        self._messenger = Once(self._make_messenger)
        self._drafts = Once(self._make_drafts)

    @property
    def database(self) -> Database:
        """PostgreSQL."""
        return self._database()

    @property
    def swaps(self) -> SwapProvider:
        """ChangeNOW."""
        return self._swaps()

    @property
    def chain(self) -> Chain:
        """The Ethereum node."""
        return self._chain()

    @property
    def signer(self) -> Signer:
        """The host wallet's key."""
        return self._signer()

    @property
    def messenger(self) -> Messenger:
        """Telegram."""
        return self._messenger()

    @property
    def drafts(self) -> Drafts:
        """Firestore."""
        return self._drafts()

    def _make_database(self) -> Database:
        # Loaded after the fork, with the first delivery: it brings all repositories.
        from shared_lib.adapters.postgres.database import PostgresDatabase  # noqa: PLC0415

        return PostgresDatabase(self._connect(), self.events)

    def _connect(self) -> Connect:
        chosen = self.settings.of(DatabaseSettings)
        service = self.settings.of(LogSettings).service
        if chosen.url is not None:
            return connector(chosen.url.get_secret_value(), application=service)
        return cloud_sql_connector(
            chosen.instance or "",
            user=chosen.user or "",
            database=chosen.name or "",
            application=service,
        )

    def _make_swaps(self) -> SwapProvider:
        from shared_lib.adapters.changenow import ChangeNow  # noqa: PLC0415 (heavy, see above)

        chosen = self.settings.of(SwapSettings)
        return ChangeNow(
            base_url=chosen.base_url,
            api_key=chosen.api_key.get_secret_value(),
            call_seconds=self.policy.call_seconds,
        )

    def _make_chain(self) -> Chain:
        from shared_lib.adapters.ethereum import EthereumChain  # noqa: PLC0415 (heavy, see above)

        chosen = self.settings.of(ChainSettings)
        return EthereumChain(
            chosen.rpc_url.get_secret_value(),
            call_seconds=self.policy.call_seconds / _NODE_REQUESTS_IN_A_CALL,
            tokens=chosen.tokens,
        )

    def _make_signer(self) -> Signer:
        from shared_lib.adapters.ethereum_signer import LocalSigner  # noqa: PLC0415 (heavy)

        key = self.settings.of(SignerSettings).private_key.get_secret_value()
        chain = self.settings.of(ChainSettings)
        signer = LocalSigner(key, chain_id=chain.chain_id, tokens=chain.tokens)
        if signer.address != self.settings.of(WalletSettings).host_wallet:
            raise SettingsError(["HOST_WALLET_PRIVATE_KEY: is not the key of HOST_WALLET_ADDRESS"])
        return signer

    def _make_messenger(self) -> Messenger:
        from shared_lib.adapters.telegram import TelegramMessenger  # noqa: PLC0415 (heavy)

        chosen = self.settings.of(TelegramSettings)
        return TelegramMessenger(
            token=chosen.bot_token.get_secret_value(),
            base_url=chosen.base_url,
            call_seconds=self.policy.call_seconds,
        )

    def _make_drafts(self) -> Drafts:
        from shared_lib.adapters.firestore import FirestoreDrafts  # noqa: PLC0415 (heavy)

        project_id = self.settings.of(PubSubSettings).project_id
        return FirestoreDrafts(project_id, self.clock, call_seconds=self.policy.call_seconds)


def ports_for(*concerns: type[Concern]) -> Wiring:
    """The wiring of a function with these concerns, by this process's environment.

    Database, Pub/Sub, policy and logs are always among them. Raises SettingsError.
    """
    settings = read_settings(os.environ, *_ALWAYS, *concerns)
    logs = settings.of(LogSettings)
    set_up_logs(
        logs.service,
        form=logs.format,
        project_id=settings.of(PubSubSettings).project_id,
        secrets=settings.secrets(),
    )
    return Wiring(settings)
