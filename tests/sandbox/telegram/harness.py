"""A running stand-in and a webhook for tests, spoken to with the real client library."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
from telegram import Bot
from telegram.request import HTTPXRequest

ResultT = TypeVar("ResultT")
TOKEN = "7000000001:sandbox-token"
BOT_ID = 7000000001
USERNAME = "funnel_test_bot"
# Plain HTTP needs none; without it each client would load all certificates anew, which is slow.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def http(method: str, url: str, **more: Any) -> httpx.Response:
    return httpx.request(method, url, verify=NO_TLS, trust_env=False, **more)


@dataclass
class StandIn:
    """A running stand-in, and how a test talks to it."""

    port: int
    state: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--state", str(self.state)]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.sandbox.telegram",
                *arguments,
                "--bot-username",
                USERNAME,
            ],
            env={**os.environ, "TELEGRAM_BOT_TOKEN": TOKEN},
        )
        until(self.is_up, "the stand-in to start")

    def is_up(self) -> bool:
        try:
            return http("GET", f"{self.url}/healthz").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def bot(self, action: Callable[[Bot], Awaitable[ResultT]], token: str = TOKEN) -> ResultT:
        """Do one thing with a fresh bot on a fresh event loop."""

        async def run() -> ResultT:
            async with HTTPXRequest(httpx_kwargs={"verify": NO_TLS, "trust_env": False}) as seam:
                bot = Bot(token, base_url=f"{self.url}/bot", request=seam, get_updates_request=seam)
                return await action(bot)

        return asyncio.run(run())

    def post(self, path: str, /, **body: Any) -> Any:
        answer = http("POST", f"{self.url}/_sandbox/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def show(self, name: str, **query: Any) -> Any:
        return http("GET", f"{self.url}/_sandbox/{name}", params=query).json()

    def delivered(self, kind: str) -> list[Any]:
        """What the bot was or will be told of this kind, oldest first."""
        return [one["content"] for one in self.show("updates") if one["kind"] == kind]


def until(holds: Callable[[], bool], what: str, seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


@dataclass
class Receiver:
    """A webhook. It answers `statuses` one by one, then 200 with `body`."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    body: dict[str, Any] | None = None
    got: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["content-length"])
        self.secrets.append(handler.headers["X-Telegram-Bot-Api-Secret-Token"])
        self.got.append(json.loads(handler.rfile.read(length)))
        content = json.dumps(self.body).encode() if self.body else b""
        handler.send_response(self.statuses.pop(0) if self.statuses else 200)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def ids(self) -> list[int]:
        return [one["update_id"] for one in self.got]

    def texts(self) -> list[str]:
        return [one["message"]["text"] for one in self.got]


@contextmanager
def listening(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is given
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield receiver
        server.shutdown()
        thread.join()
