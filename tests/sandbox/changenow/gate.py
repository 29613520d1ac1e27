"""Who may come in to the API, and how often."""

import hmac
import time
from collections import deque

from starlette.requests import Request

from tests.sandbox.changenow.errors import forbidden, refused, too_many_requests, unauthorized
from tests.sandbox.changenow.world import World

OPEN = "/v2/exchange/currencies"
PRIVATE = "/v2/exchanges"


class Gate:
    """Who may come in, and how often."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lately: deque[float] = deque()

    def check(self, request: Request, path: str, entitlement: str | None) -> None:
        """Raise what a request without the right key, or one too many, is told."""
        if path == OPEN:
            return
        settings = self._world.settings
        given = request.headers.get("x-changenow-api-key", "").encode()
        known = [settings.api_key] + ([settings.private_key] if settings.private_key else [])
        if not any(hmac.compare_digest(given, key.encode()) for key in known):
            raise unauthorized()
        if path == PRIVATE and given.decode() != settings.private_key:
            words = "Invalid API key. Use private key for this endpoint"
            raise refused("invalid_api_key", words, status=403)
        if entitlement and not self._world.entitlements.get(entitlement, True):
            raise forbidden("Access to this endpoint is given on request")
        self._count()

    def _count(self) -> None:
        most, now = self._world.weather.calls_per_second, time.monotonic()
        while self._lately and self._lately[0] < now - 1:
            self._lately.popleft()
        if 0 < most <= len(self._lately):
            raise too_many_requests()
        self._lately.append(now)
