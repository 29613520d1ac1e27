"""What tests of the emulator, or with it, need: Google's clients and a receiver of pushes."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from google.cloud import pubsub_v1

from tests.sandbox.pubsub.launcher import Emulator

PROJECT = "sandbox"


@dataclass
class Received:
    headers: dict[str, str]
    body: Any
    at: float

    @property
    def message_id(self) -> str:
        return str(self.body["message"]["messageId"])


@dataclass
class Receiver:
    """An HTTP server that remembers what it got and answers as told, in the end with 204.

    While `free` is cleared no request is answered.
    """

    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        self.received.append(Received(headers, json.loads(body), time.monotonic()))
        status = self.statuses.pop(0) if self.statuses else 204
        self.free.wait(10)
        return status

    def wait(self, number: int) -> list[Received]:
        eventually(lambda: len(self.received) >= number)
        return list(self.received)

    @property
    def ids(self) -> list[str]:
        return [one.message_id for one in self.received]


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that went away are part of the tests."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {key.lower(): value for key, value in self.headers.items()}
            self.send_response(receiver.answer(headers, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

    return Handler


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens until the end of the block."""
    receiver = Receiver()
    receiver.free.set()
    with QuietServer(("127.0.0.1", 0), _handler(receiver)) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.free.set()
            server.shutdown()
            thread.join()


@dataclass
class Cloud:
    """Google's clients for one emulator."""

    emulator: Emulator
    publisher: Any
    subscriber: Any

    def topic(self) -> str:
        name = f"projects/{PROJECT}/topics/t-{uuid4().hex}"
        self.publisher.create_topic(name=name)
        return name

    def subscribe(self, topic: str, url: str = "", **settings: Any) -> str:
        name = f"projects/{PROJECT}/subscriptions/s-{uuid4().hex}"
        push = {"push_config": {"push_endpoint": url} | settings.pop("push", {})} if url else {}
        self.subscriber.create_subscription(
            request={"name": name, "topic": topic} | push | settings
        )
        return name

    def publish(self, topic: str, data: bytes = b"{}", **attributes: str) -> str:
        future = self.publisher.publish(topic, data, retry=None, timeout=5, **attributes)
        return str(future.result(timeout=10))

    def backlog(self, subscription: str) -> Any:
        return self.emulator.get("backlog")[short(subscription)]

    def settled(self, subscription: str, delivered: int) -> None:
        """Wait until so many messages have been acknowledged."""
        eventually(lambda: self.backlog(subscription)["delivered"] >= delivered)


def short(name: str) -> str:
    """The id at the end of a full name."""
    return name.rsplit("/", 1)[-1]


def eventually(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until it is true, but not for ever."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("waited in vain")
        time.sleep(0.01)


def connected(emulator: Emulator) -> Cloud:
    """Real clients of this emulator; they read its address when they are made."""
    with patch.dict(os.environ, PUBSUB_EMULATOR_HOST=emulator.grpc_host):
        batch = pubsub_v1.types.BatchSettings(max_latency=0.001)
        return Cloud(emulator, pubsub_v1.PublisherClient(batch), pubsub_v1.SubscriberClient())
