"""Starts and stops the emulator as a process of its own, for tests."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

START_SECONDS = 20.0
STOP_SECONDS = 5.0


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Emulator:
    """One emulator; after `kill` it can be started again with all its state."""

    state: Path
    options: Sequence[str] = ()
    grpc_port: int = field(default_factory=free_port)
    front_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    @property
    def grpc_host(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def front_url(self) -> str:
        return f"http://127.0.0.1:{self.front_port}"

    def start(self) -> "Emulator":
        """Start it and wait until it answers."""
        ports = ["--grpc-port", str(self.grpc_port), "--front-port", str(self.front_port)]
        command = [sys.executable, "-m", "tests.sandbox.pubsub", *ports]
        environment = os.environ | {"GRPC_VERBOSITY": "ERROR"}
        self.process = subprocess.Popen(
            [*command, "--state", str(self.state), *self.options], env=environment
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the Pub/Sub emulator did not start")
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_SECONDS)

    def stop(self) -> int | None:
        """SIGTERM, for good; the exit code."""
        self.http.close()
        if self.process is None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def post(self, switch: str, body: dict[str, Any]) -> Any:
        """Use a switch of the control API, such as `weather`."""
        answer = self.http.post(f"{self.front_url}/_sandbox/{switch}", json=body)
        answer.raise_for_status()
        return answer.json()

    def get(self, view: str, **query: str) -> Any:
        """Read a view of the control API, such as `backlog`."""
        answer = self.http.get(f"{self.front_url}/_sandbox/{view}", params=query)
        answer.raise_for_status()
        return answer.json()

    def _answers(self) -> bool:
        try:
            return self.http.get(f"{self.front_url}/healthz").is_success
        except httpx.TransportError:
            return False
