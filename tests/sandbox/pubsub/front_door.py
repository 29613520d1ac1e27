"""What Cloud Run does before a function sees a request: it checks the caller's token."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from tests.sandbox.pubsub.tokens import InvalidTokenError, TokenIssuer

REMOVED_SIGNATURE = "SIGNATURE_REMOVED_BY_GOOGLE"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# These belong to one connection; the client sets them anew.
NOT_FORWARDED = {
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class DeniedError(Exception):
    """The caller may not pass."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class FrontDoor:
    """Lets callers with a good token through to the functions behind it."""

    session: aiohttp.ClientSession
    tokens: TokenIssuer
    port: int
    routes: dict[str, str]

    def function_at(self, url: str) -> str | None:
        """The name of the function, if this URL leads through this very front door."""
        parts = urlsplit(url)
        if parts.port != self.port or parts.hostname not in LOOPBACK:
            return None
        name = parts.path.strip("/")
        return name if name and "/" not in name else None

    async def enter(self, name: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Check the caller and forward to the function; the answer of either."""
        if name not in self.routes:
            return Answer(404, body=b"no such function\n")
        try:
            authorization = self.checked(headers)
        except DeniedError as denied:
            return Answer(denied.status, {"www-authenticate": "Bearer"}, f"{denied}\n".encode())
        url = self.routes[name] + (f"?{query}" if query else "")
        forwarded = _end_to_end(headers.items()) | {"Authorization": authorization}
        try:
            return await self._forward(url, forwarded, body)
        except aiohttp.ClientError as error:
            return Answer(503, body=f"the function is not there: {error}\n".encode())

    def checked(self, headers: Mapping[str, str]) -> str:
        """The Authorization header as the function may see it: without the signature."""
        given = next(
            (value for key, value in headers.items() if key.lower() == "authorization"), ""
        )
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise DeniedError(403, "the request was not authenticated")
        try:
            self.tokens.verify(token.strip())
        except InvalidTokenError as error:
            raise DeniedError(401, str(error)) from error
        return f"Bearer {token.strip().rsplit('.', 1)[0]}.{REMOVED_SIGNATURE}"

    async def _forward(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        post = self.session.post(url, data=body, headers=headers, allow_redirects=False)
        async with post as response:
            kept = _end_to_end(response.headers.items())
            return Answer(response.status, kept, await response.read())


def _end_to_end(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    passed = ((key, value) for key, value in headers if key.lower() not in NOT_FORWARDED)
    return {key: value for key, value in passed if key.lower() != "authorization"}
