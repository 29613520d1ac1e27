"""Starts the emulator as a process of its own, for tests."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.sandbox.pubsub.launcher import free_port

START_SECONDS, STOP_SECONDS = 20.0, 10.0


@dataclass
class Emulator:
    """`state` is its file, which outlives it."""

    state: Path
    grpc_port: int = field(default_factory=free_port)
    control_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False))

    @property
    def grpc_host(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.control_port}"

    def start(self) -> "Emulator":
        """Start it and wait until it answers."""
        ports = ["--grpc-port", str(self.grpc_port), "--control-port", str(self.control_port)]
        command = [sys.executable, "-m", "tests.sandbox.firestore", *ports]
        environment = os.environ | {"GRPC_VERBOSITY": "ERROR"}
        self.process = subprocess.Popen([*command, "--state", str(self.state)], env=environment)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the Firestore emulator did not start")
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """SIGTERM, for good."""
        self.http.close()
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_SECONDS)

    def post(self, switch: str, body: dict[str, Any] | None = None) -> Any:
        """Use a switch of the control API."""
        answer = self.http.post(f"{self.control_url}/_sandbox/{switch}", json=body or {})
        answer.raise_for_status()
        return answer.json()

    def clear_faults(self) -> None:
        """Nothing fails any more."""
        self.http.delete(f"{self.control_url}/_sandbox/faults").raise_for_status()

    def _answers(self) -> bool:
        try:
            return self.http.get(f"{self.control_url}/healthz").is_success
        except httpx.TransportError:
            return False
