"""Run the stand-in: `python -m tests.sandbox.changenow --port P --state FILE --rpc URL …`."""

import argparse
import os
from pathlib import Path

import uvicorn

from tests.sandbox.changenow.app import build
from tests.sandbox.changenow.world import Settings

API_KEY, PRIVATE_KEY = "CHANGENOW_API_KEY", "CHANGENOW_PRIVATE_KEY"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.sandbox.changenow", description=__doc__)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, required=True)
    add("--state", type=Path, required=True, help="SQLite file, made if it is not there")
    add("--rpc", default="http://127.0.0.1:8546", help="JSON-RPC of anvil itself, not of a proxy")
    add("--pace", type=float, default=0.3, help="average seconds between two statuses")
    add("--quote-seconds", type=float, default=1200.0, help="how long a fixed rate is promised")
    add("--deposit-seconds", type=float, default=1200.0, help="how long a deposit is awaited")
    return parser


def _settings() -> Settings:
    parser = _parser()
    given = parser.parse_args()
    api_key = os.environ.get(API_KEY, "").strip()
    if not api_key:
        parser.error(f"not in the environment: {API_KEY}")
    return Settings(
        host=given.host,
        port=given.port,
        state=given.state,
        api_key=api_key,
        private_key=os.environ.get(PRIVATE_KEY, "").strip() or None,
        rpc_url=given.rpc,
        pace=given.pace,
        quote_seconds=given.quote_seconds,
        deposit_seconds=given.deposit_seconds,
    )


def main() -> None:
    """Serve until interrupted."""
    settings = _settings()
    uvicorn.run(
        build(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
