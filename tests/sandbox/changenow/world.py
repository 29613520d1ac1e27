"""What the parts of the stand-in share: settings, state, weather, clients, background work."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.sandbox.changenow.records import Exchange
from tests.sandbox.changenow.store import Store
from tests.sandbox.changenow.weather import Weather
from tests.sandbox.faults import FaultBoard

log = logging.getLogger("changenow")


@dataclass(frozen=True)
class Settings:
    """What the command line and the environment say."""

    host: str
    port: int
    state: Path
    api_key: str
    private_key: str | None
    rpc_url: str
    pace: float = 0.3
    quote_seconds: float = 1200.0
    deposit_seconds: float = 1200.0


@dataclass
class World:
    """The running stand-in. `payins` maps each pay-in address, in lower case, to its exchange."""

    settings: Settings
    store: Store
    http: httpx.AsyncClient
    board: FaultBoard = field(default_factory=FaultBoard)
    weather: Weather = field(default_factory=Weather)
    payins: dict[str, int] = field(default_factory=dict)
    hot: LocalAccount = field(init=False)
    failed: bool = False
    _turns: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        kept = self.store.setting("weather")
        self.weather = Weather.model_validate(kept) if kept else self.fresh_weather()
        if self.store.setting("hot_key") is None:
            self.store.set("hot_key", Account.create().key.to_0x_hex())
        self.hot = Account.from_key(self.store.setting("hot_key"))
        for one in self.store.listed(Exchange):
            if one.original_id is None:
                self.payins[one.payin_address.lower()] = one.id

    def fresh_weather(self) -> Weather:
        """The weather that the command line asks for."""
        given = self.settings
        return Weather(
            pace=given.pace,
            quote_seconds=given.quote_seconds,
            deposit_seconds=given.deposit_seconds,
        )

    def set_weather(self, weather: Weather) -> None:
        self.weather = weather
        self.store.set("weather", weather.model_dump(mode="json"))

    def turn(self, matter: str) -> str:
        """A name for each time that `matter` comes up, so that luck changes from time to time."""
        self._turns[matter] += 1
        return f"{matter}:{self._turns[matter]}"

    @property
    def rates(self) -> dict[str, Decimal]:
        """Prices in USD that a test has set."""
        kept = self.store.setting("rates") or {}
        return {coin: Decimal(price) for coin, price in kept.items()}

    @property
    def limits(self) -> dict[str, Any]:
        """Limits that a test has set, by pair and flow."""
        return dict(self.store.setting("limits") or {})

    @property
    def inactive(self) -> set[str]:
        """Pairs that a test has switched off."""
        return set(self.store.setting("inactive") or [])

    @property
    def entitlements(self) -> dict[str, bool]:
        """What the key may use; what is not named here it may."""
        return dict(self.store.setting("entitlements") or {})

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background; an error in it is a bug and is shown."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failed = True
            log.error("background work failed", exc_info=task.exception())

    async def stop(self) -> None:
        """End all background work; the state file says how to go on."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.http.aclose()
        self.store.close()
