"""The process of the real node, `anvil`, as npm installs it.

    npm ci --prefix tests/sandbox --cache .cache/npm

The package's own script is switched off: all it does is fetch a binary that npm left out.
"""

import asyncio
import platform
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.sandbox.ethereum.node import Node

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 2.0
MNEMONIC = "test test test test test test test test test test test junk"
BALANCE_ETHER = 1_000_000
GAS_LIMIT = 30_000_000
PACKAGES = Path(__file__).parents[1] / "node_modules" / "@foundry-rs"
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


class AnvilStartError(Exception):
    """anvil is not installed or did not start."""


@dataclass(frozen=True)
class AnvilOptions:
    """What differs from one run of anvil to the next."""

    port: int
    chain_id: int
    state: Path


def anvil_binary() -> Path:
    """Where npm put anvil for this machine."""
    machine = ARCHITECTURES.get(platform.machine().lower(), platform.machine())
    package = PACKAGES / f"anvil-{platform.system().lower()}-{machine}"
    binary = package / "bin" / "anvil"
    if not binary.exists():
        raise AnvilStartError(f"no anvil at {binary}: run `npm ci` in tests/sandbox")
    return binary


@asynccontextmanager
async def running_anvil(options: AnvilOptions, node: Node) -> AsyncIterator[Process]:
    """Run anvil until the block ends; `node` is its client."""
    options.state.parent.mkdir(parents=True, exist_ok=True)
    # A session of its own, so that Ctrl-C in a terminal reaches it through us only.
    process = await asyncio.create_subprocess_exec(*_command(options), start_new_session=True)
    try:
        await _answering(process, node)
        yield process
    finally:
        await _stop(process)


def _command(options: AnvilOptions) -> list[str]:
    # The proxy orders each block: so mining can stop, and blocks can be faster than a second.
    flags = {
        "host": HOST,
        "port": options.port,
        "chain-id": options.chain_id,
        "state": options.state,
        "mnemonic": MNEMONIC,
        "balance": BALANCE_ETHER,
        "gas-limit": GAS_LIMIT,
        "threads": 1,
    }
    pairs = [part for name, value in flags.items() for part in (f"--{name}", str(value))]
    return [*_ending_with_us(), str(anvil_binary()), "--no-mining", "--quiet", *pairs]


def _ending_with_us() -> list[str]:
    """Where the proxy is killed, the kernel ends anvil, which saves its state on this signal."""
    return ["setpriv", "--pdeathsig=TERM"] if shutil.which("setpriv") else []


async def _answering(process: Process, node: Node) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.returncode is None and time.monotonic() < deadline:
        with suppress(aiohttp.ClientConnectionError):
            await node.call("eth_chainId")
            return
        await asyncio.sleep(0.01)
    raise AnvilStartError("anvil does not answer; is its port taken?")


async def _stop(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
