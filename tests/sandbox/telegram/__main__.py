"""Run the stand-in: `python -m tests.sandbox.telegram --port P --state FILE`."""

import argparse
import os
from pathlib import Path

import uvicorn

from tests.sandbox.console.elsewhere import Elsewhere
from tests.sandbox.telegram.app import build_app
from tests.sandbox.telegram.world import World

SHUTDOWN_SECONDS = 3


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="A stand-in for the Telegram Bot API server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file, made if missing")
    parser.add_argument("--bot-username", default="funnel_sandbox_bot")
    for part in ("nowpayments", "changenow", "ethereum"):
        parser.add_argument(f"--{part}", default="", metavar="URL", help="shown by the console")
    given = parser.parse_args()
    token = os.environ["TELEGRAM_BOT_TOKEN"]
    given.state.parent.mkdir(parents=True, exist_ok=True)
    # By the owner of the product's database the console lets time pass.
    owner = os.environ.get("OWNER_DATABASE_URL", "")
    elsewhere = Elsewhere(given.nowpayments, given.changenow, given.ethereum, owner)
    app = build_app(World(given.state, token, given.bot_username), elsewhere)
    uvicorn.run(
        app,
        host=given.host,
        port=given.port,
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
