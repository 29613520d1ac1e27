"""Starts the chain in a process of its own, for tests and the local stack."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 5.0
PROJECT = Path(__file__).parents[3]


class EthereumStartError(Exception):
    """The chain did not start."""


@dataclass(frozen=True)
class EthereumServer:
    """A chain that runs; `url` is its JSON-RPC endpoint."""

    url: str
    chain_id: int
    pid: int
    anvil_port: int

    def order(self, name: str, **body: Any) -> Any:
        """Post an order to `/_sandbox`."""
        return _json(f"{self.url}/_sandbox/{name}", body)

    def shown(self, name: str) -> Any:
        """Read what `/_sandbox` shows."""
        return _json(f"{self.url}/_sandbox/{name}", None)


@contextmanager
def running_ethereum(
    state: Path, *, port: int | None = None, chain_id: int = 31337, block_seconds: float = 1.0
) -> Iterator[EthereumServer]:
    """Run a chain on `state` until the block ends; `block_seconds` 0: blocks only when ordered."""
    free, anvil_port = _free_ports(2)
    url = f"http://{HOST}:{port or free}"
    options = {
        "port": port or free,
        "anvil-port": anvil_port,
        "chain-id": chain_id,
        "block-seconds": block_seconds,
        "state": state.resolve(),
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "tests.sandbox.ethereum", *arguments]
    process = subprocess.Popen(command, cwd=PROJECT, start_new_session=True)
    try:
        _await_health(process, url)
        yield EthereumServer(url, chain_id, process.pid, anvil_port)
    finally:
        _stop(process)


def _await_health(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            _json(f"{url}/healthz", None)
        except urllib.error.URLError:
            time.sleep(0.02)
        else:
            return
    raise EthereumStartError(f"no chain at {url}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports(how_many: int) -> list[int]:
    """Ports that differ, since all are held until all are found."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(how_many)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _json(url: str, body: dict[str, Any] | None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    # The scheme is our own, never a user's.
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 (likewise)
        return json.load(response)
