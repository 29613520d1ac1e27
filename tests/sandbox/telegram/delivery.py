"""Bringing updates to the webhook: one after another, again and again until it says 2xx."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import httpx

from tests.sandbox.faults import FaultBoard
from tests.sandbox.telegram.records import Update
from tests.sandbox.telegram.webhooks import update_body
from tests.sandbox.telegram.world import World

# Telegram's back-off ends at one to two minutes; nobody wants to wait that long for a test.
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 5.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0
TIMEOUT_SECONDS = 60.0
EXPIRY_SECONDS = 24 * 3600
GATHER_SECONDS = 0.3
REORDERED_AMONG = 5
DELIVER = "deliverUpdate"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
Execute = Callable[[str, dict[str, Any]], None]


class Courier:
    """Delivers the pending updates of `world`. `execute` runs a call that an answer contains."""

    def __init__(self, world: World, board: FaultBoard, execute: Execute) -> None:
        self._world = world
        self._board = board
        self._execute = execute
        self._failures = 0
        self._dice = random.Random(world.settings.weather.seed)

    def reseed(self) -> None:
        self._dice = random.Random(self._world.settings.weather.seed)

    async def run(self) -> None:
        """Deliver for ever; ended by cancelling."""
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                update = await self._next()
                wait = await self._deliver(client, update)
                self._world.save()
                if wait:
                    await self._pause(wait)

    async def _next(self) -> Update:
        while True:
            # Cleared before looking, so that what comes in between is not missed.
            self._world.news.clear()
            self._world.webhook_changed.clear()
            if self._world.settings.webhook.url and self._drop_expired():
                return await self._picked()
            await _first_of(self._world.news, self._world.webhook_changed)

    def _drop_expired(self) -> list[Update]:
        oldest = self._world.time() - EXPIRY_SECONDS
        for update in self._world.pending():
            if update.at < oldest:
                update.state = "dropped"
                self._world.updates.touch(update)
        return self._world.pending()

    async def _picked(self) -> Update:
        if not self._world.settings.weather.reorder:
            return self._world.pending()[0]
        if len(self._world.pending()) == 1:
            # Out of order needs more than one: wait a little for company.
            await asyncio.sleep(GATHER_SECONDS)
        pending = self._world.pending()
        if not pending or not self._world.settings.webhook.url:
            return await self._next()
        return self._dice.choice(pending[:REORDERED_AMONG])

    async def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until the webhook is set anew."""
        try:
            await asyncio.wait_for(self._world.webhook_changed.wait(), seconds)
        except TimeoutError:
            return
        self._failures = 0

    async def _deliver(self, client: httpx.AsyncClient, update: Update) -> float:
        """One attempt; how long to wait before the next of any update."""
        response: httpx.Response | None = None
        error: str | None = None
        attempt: dict[str, Any] = {"at": self._world.time(), "status": None, "error": None}
        update.attempts.append(attempt)
        url = self._world.settings.webhook.url
        try:
            response = await client.post(url, json=update_body(update), headers=self._headers())
            attempt["status"] = response.status_code
            error = self._complaint(response)
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = f"{type(failure).__name__}: {failure}"
        attempt["error"] = error
        if error is None and response is not None:
            self._delivered(update, response)
            return 0.0
        return self._failed(update, error or "", response)

    def _complaint(self, response: httpx.Response) -> str | None:
        if not response.is_success:
            return f"Wrong response from the webhook: {response.status_code}"
        is_lost = self._board.strike(DELIVER, custom="lost_acknowledgement")
        return "Connection was lost" if is_lost else None

    def _headers(self) -> dict[str, str]:
        secret = self._world.settings.webhook.secret_token
        if self._board.strike(DELIVER, custom="wrong_secret"):
            secret = "not-the-secret"
        if not secret or self._board.strike(DELIVER, custom="missing_secret"):
            return {}
        return {SECRET_HEADER: secret}

    def _delivered(self, update: Update, response: httpx.Response) -> None:
        self._failures = 0
        is_first = len(update.attempts) == 1
        if is_first and self._dice.random() < self._world.settings.weather.duplicate:
            update.copies += 1
        update.copies -= 1
        update.state = "pending" if update.copies > 0 else "delivered"
        self._world.updates.touch(update)
        call = _contained_call(response)
        if call is not None:
            self._execute(str(call.pop("method")), call)

    def _failed(self, update: Update, error: str, response: httpx.Response | None) -> float:
        self._failures += 1
        self._world.updates.touch(update)
        webhook = self._world.settings.webhook
        webhook.last_error_date, webhook.last_error_message = self._world.now(), error
        wait = FIRST_RETRY_SECONDS * float(2 ** min(self._failures - 1, 10))
        asked = response.headers.get("retry-after", "") if response is not None else ""
        if asked.isdecimal():
            return min(float(asked), LONGEST_RETRY_AFTER_SECONDS)
        return min(wait, LONGEST_RETRY_SECONDS)


def _contained_call(response: httpx.Response) -> dict[str, Any] | None:
    """The method call that a webhook's answer may be."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        body = json.loads(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) and "method" in body else None


async def _first_of(*events: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
