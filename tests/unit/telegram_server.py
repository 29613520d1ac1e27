"""A Bot API server with one answer for everything, for tests of the adapter."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from shared_lib.adapters.telegram import TelegramMessenger
from shared_lib.domain.message import Message
from shared_lib.ports import ProviderError

TOKEN = "7000000001:unit-secret"
CHAT, ANN = -1_001_234_567_890, 5_000_000_002
URL = "https://t.me/+unit-link-secret"
SOON = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Telegram:
    """A server with one answer for everything. `asked` is what came, method and fields."""

    status: int = 200
    body: bytes = b""
    seconds: float = 0.0
    port: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answers(self, result: Any) -> None:
        self.status, self.body = 200, json.dumps({"ok": True, "result": result}).encode()

    def refuses(self, status: int, text: str, **parameters: Any) -> None:
        answer = {"ok": False, "error_code": status, "description": text}
        self.status, self.body = status, json.dumps(answer | parameters).encode()

    def messenger(self, call_seconds: float = 3.0) -> TelegramMessenger:
        url = f"http://127.0.0.1:{self.port}"
        return TelegramMessenger(token=TOKEN, base_url=url, call_seconds=call_seconds)


def handler(telegram: Telegram) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"])).decode()
            fields = {name: values[0] for name, values in parse_qs(content).items()}
            telegram.asked.append((self.path, fields))
            time.sleep(telegram.seconds)
            self.send_response(telegram.status)
            self.send_header("content-length", str(len(telegram.body)))
            self.end_headers()
            self.wfile.write(telegram.body)

        def log_message(self, *_arguments: Any) -> None:
            """Stay quiet."""

    return Handler


@contextmanager
def listening() -> Iterator[Telegram]:
    """The server, running."""
    one = Telegram()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(one)) as server:
        one.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield one
        server.shutdown()
        thread.join()


Act = Callable[[TelegramMessenger], object]
ACTS: dict[str, Act] = {
    "username": lambda one: one.username(),
    "is_inside": lambda one: one.is_inside(CHAT, ANN),
    "create_join_link": lambda one: one.create_join_link(CHAT, "funnel-1", SOON),
    "revoke_link": lambda one: one.revoke_link(CHAT, URL),
    "approve": lambda one: one.approve(CHAT, ANN),
    "decline": lambda one: one.decline(CHAT, ANN),
    "send": lambda one: one.send(ANN, Message("Hello")),
    "edit": lambda one: one.edit(ANN, 1, Message("Hello")),
    "answer_press": lambda one: one.answer_press("1", "Hello"),
    "post": lambda one: one.post(CHAT, Message("Hello")),
    "delete_message": lambda one: one.delete_message(CHAT, 1),
    "missing_rights": lambda one: one.missing_rights(CHAT, ["can_invite_users"]),
}


def failure(telegram: Telegram, name: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ACTS[name](telegram.messenger())
    return caught.value


def user(number: int = ANN) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "Ann"}


def sent_message(message_id: int = 1) -> dict[str, Any]:
    chat = {"id": ANN, "type": "private", "first_name": "Ann"}
    return {"message_id": message_id, "date": 1_764_000_000, "chat": chat, "text": "Hi"}


def invite_link(**more: Any) -> dict[str, Any]:
    flags = {"creates_join_request": True, "is_primary": False, "is_revoked": False}
    return {"invite_link": URL, "creator": user(), **flags, **more}
