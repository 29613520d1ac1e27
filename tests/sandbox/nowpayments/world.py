"""What the parts of the stand-in share: settings, state, weather, clients, background work."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.sandbox.faults import FaultBoard
from tests.sandbox.nowpayments.records import Payment
from tests.sandbox.nowpayments.store import Store
from tests.sandbox.nowpayments.weather import COUNTED, Weather

log = logging.getLogger("nowpayments")


@dataclass(frozen=True)
class Settings:
    """What the command line and the environment say."""

    host: str
    port: int
    state: Path
    api_key: str
    ipn_secret: str
    email: str
    password: str
    rpc_url: str
    merchant_wallet: str
    public_url: str
    payer_index: int = 5
    settlement_currency: str = "eth"
    token_contract: str | None = None
    pace: float = 0.3


@dataclass
class World:
    """The running stand-in."""

    settings: Settings
    store: Store
    http: httpx.AsyncClient
    board: FaultBoard = field(default_factory=FaultBoard)
    playing: set[int] = field(default_factory=set)
    weather: Weather = field(default_factory=Weather)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.weather = Weather(pace=self.settings.pace)
        kept = self.store.setting("weather")
        if kept:
            self.weather = Weather.model_validate_json(kept)

    def set_weather(self, weather: Weather) -> None:
        self.weather = weather
        self.store.set("weather", weather.model_dump_json())

    def weather_of(self, payment: Payment) -> Weather:
        """The weather with what the customer of this payment brought along."""
        return self.weather.changed(payment.plan.weather)

    def take(self, name: str, overrides: dict[str, Any]) -> bool:
        """Whether the next payment is one of the `name` that were ordered."""
        if name not in COUNTED:
            raise ValueError(f"{name} is not counted")
        if name in overrides:
            return bool(overrides[name])
        left: int = getattr(self.weather, name)
        if left > 0:
            self.set_weather(self.weather.changed({name: left - 1}))
        return left > 0

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background; an error in it is a bug and is shown."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background work failed", exc_info=task.exception())

    async def stop(self) -> None:
        """End all background work; the state file says how to go on."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.http.aclose()
        self.store.close()
