"""Posts prepared requests over a fixed number of kept connections, as fast as they are answered."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

# Nothing here may wait for ever.
ANSWER_SECONDS = 30.0
_HEADER_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class AnswerError(AssertionError):
    """A request was not answered with 200; the figures would mean nothing."""


@dataclass(frozen=True)
class Post:
    """A body and its signature."""

    body: bytes
    signature: str


# What one connection posts one after the other; different talks go on at the same time.
Talk = Sequence[Post]


@dataclass(frozen=True)
class Load:
    """How many requests were answered, and how long that took."""

    requests: int
    seconds: float

    @property
    def per_second(self) -> float:
        """The rate."""
        return self.requests / self.seconds


def post_all(url: str, talks: Sequence[Talk], connections: int) -> Load:
    """Post every request of every talk once. Raises AnswerError, OSError and TimeoutError."""
    return asyncio.run(_post_all(url, talks, connections))


async def _post_all(url: str, talks: Sequence[Talk], connections: int) -> Load:
    waiting = iter(talks)
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_work(url, waiting))
    seconds = time.perf_counter() - started
    return Load(sum(map(len, talks)), seconds)


async def _work(url: str, waiting: Iterator[Talk]) -> None:
    """One connection; a list's iterator hands each talk to one of them only."""
    async with _Connection(url) as connection:
        for talk in waiting:
            for post in talk:
                await asyncio.wait_for(connection.post(post), ANSWER_SECONDS)


class _Connection:
    """A kept connection, with as little around it as HTTP needs: the client runs here as well."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def post(self, post: Post) -> None:
        """Send one request and read its answer. Raises AnswerError."""
        self._writer.write(request_bytes(self._host, post))
        head = await self._reader.readuntil(_HEADER_END)
        body = await self._reader.readexactly(content_length(head))
        if not head.startswith(b"HTTP/1.1 200"):
            raise AnswerError(f"{head.partition(_HEADER_END[:2])[0]!r} {body[:200]!r}")


def request_bytes(host: str, post: Post) -> bytes:
    """A request as it goes over the wire."""
    head = (
        f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(post.body)}\r\nx-nowpayments-sig: {post.signature}\r\n\r\n"
    )
    return head.encode() + post.body


def content_length(head: bytes) -> int:
    """How long the body of an answer is that begins with these lines."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            return int(line.removeprefix(_LENGTH))
    return 0
