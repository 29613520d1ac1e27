"""What runs where: ports, addresses, secrets, and each function's environment."""

import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account

HOST = "127.0.0.1"
PROJECT = Path(__file__).parents[3]
PROJECT_ID = "telegram-funnel-sandbox"
PUSH_ACCOUNT = f"push@{PROJECT_ID}.iam.gserviceaccount.com"
BOT_USERNAME = "funnel_sandbox_bot"
CHAIN_ID = 31337
# The main network's address of USDT, where the sandbox's own chain has one like it.
USDT_CONTRACT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
_WORLD = (
    *("ethereum", "anvil", "pubsub", "front", "firestore", "firestore_control"),
    *("nowpayments", "changenow", "telegram", "web"),
)

# What takes minutes in production takes seconds here. Nothing else differs.
QUICK = {
    "CALL_SECONDS": "2",
    "LEASE_SECONDS": "6",
    "RETRY_FLOOR_SECONDS": "1",
    "OUTBOX_GRACE_SECONDS": "1",
    "PAYMENT_CHECK_SECONDS": "1",
    "ORDER_CHECK_SECONDS": "15",
    "TRANSFER_CHECK_SECONDS": "1",
    "TRANSFER_STUCK_SECONDS": "15",
    "SWAP_CHECK_SECONDS": "1",
    "PAYOUT_WAIT_SECONDS": "5",
}


def function_table() -> dict[str, Any]:
    """The one table of functions, events, secrets and settings, which Terraform reads too."""
    table: dict[str, Any] = json.loads((PROJECT / "terraform" / "functions.json").read_text())
    return table


@dataclass(frozen=True)
class Plan:
    """One stack's addresses and secrets, chosen once when it starts.

    Its state lives in `folder`; `facts_path` is where it says that it is up.
    """

    folder: Path
    facts_path: Path
    tick_scale: float = 60.0
    push_min_backoff_seconds: float = 1.0
    block_seconds: float = 1.0
    pace_seconds: float = 0.3
    confirmations: int = 2
    ports: Mapping[str, int] = field(default_factory=lambda: _free_ports(_parts()))
    wallet_key: str = field(
        default_factory=lambda: _given("HOST_WALLET_PRIVATE_KEY", "0x" + secrets.token_hex(32))
    )
    bot_token: str = field(
        default_factory=lambda: _given(
            "TELEGRAM_BOT_TOKEN", f"7000000001:{secrets.token_urlsafe(26)}"
        )
    )
    webhook_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    ipn_secret: str = field(
        default_factory=lambda: _given("NOWPAYMENTS_IPN_SECRET", secrets.token_urlsafe(24))
    )
    api_key: str = field(
        default_factory=lambda: _given("NOWPAYMENTS_API_KEY", secrets.token_hex(16))
    )

    changenow_key: str = field(
        default_factory=lambda: _given("CHANGENOW_API_KEY", secrets.token_hex(16))
    )

    def url(self, part: str) -> str:
        """Where a part listens."""
        return f"http://{HOST}:{self.ports[part]}"

    @property
    def wallet_address(self) -> str:
        """The host wallet's address in EIP-55 form."""
        return str(Account.from_key(self.wallet_key).address)

    @property
    def rpc_url(self) -> str:
        """The node: our own, or the one that the environment names."""
        return os.environ.get("ETHEREUM_RPC_URL") or self.url("ethereum")

    @property
    def nowpayments_url(self) -> str:
        """The payment provider's API: our stand-in's, or the one that the environment names."""
        return os.environ.get("NOWPAYMENTS_BASE_URL") or f"{self.url('nowpayments')}/v1"

    @property
    def changenow_url(self) -> str:
        """The swap provider's API: our stand-in's, or the one that the environment names."""
        return os.environ.get("CHANGENOW_BASE_URL") or f"{self.url('changenow')}/v2"

    @property
    def telegram_url(self) -> str:
        """The Bot API: our stand-in's, or the one that the environment names."""
        return os.environ.get("TELEGRAM_BASE_URL") or self.url("telegram")

    @property
    def console_url(self) -> str:
        """The page on which anyone can be any of the messenger's people."""
        return f"{self.url('telegram')}/console/"

    @property
    def pubsub_host(self) -> str:
        """Host and port of the Pub/Sub emulator."""
        return f"{HOST}:{self.ports['pubsub']}"

    @property
    def firestore_host(self) -> str:
        """Host and port of the Firestore emulator: ours, or the one that the environment names."""
        ours = f"{HOST}:{self.ports['firestore']}"
        return os.environ.get("FIRESTORE_EMULATOR_HOST") or ours

    def audience(self, function: str) -> str:
        """The address for which pushes to a function are made out: its front door."""
        return f"{self.url('front')}/{function}"

    def names(self, database_url: str) -> dict[str, str]:
        """Every secret and setting by its name in the environment."""
        return {
            "DATABASE_URL": database_url,
            "GOOGLE_CLOUD_PROJECT": PROJECT_ID,
            "PUBSUB_EMULATOR_HOST": self.pubsub_host,
            "FIRESTORE_EMULATOR_HOST": self.firestore_host,
            "NOWPAYMENTS_BASE_URL": self.nowpayments_url,
            "NOWPAYMENTS_API_KEY": self.api_key,
            "NOWPAYMENTS_IPN_SECRET": self.ipn_secret,
            "NOWPAYMENTS_EMAIL": "operator@funnel.example",
            "NOWPAYMENTS_PASSWORD": "sandbox-password",
            "CHANGENOW_BASE_URL": self.changenow_url,
            "CHANGENOW_API_KEY": self.changenow_key,
            "TELEGRAM_BASE_URL": self.telegram_url,
            "TELEGRAM_BOT_TOKEN": self.bot_token,
            "TELEGRAM_WEBHOOK_SECRET": self.webhook_secret,
            "ETHEREUM_RPC_URL": self.rpc_url,
            "ETHEREUM_CHAIN_ID": str(CHAIN_ID),
            "ETHEREUM_CONFIRMATIONS": str(self.confirmations),
            "USDT_CONTRACT": os.environ.get("USDT_CONTRACT") or USDT_CONTRACT,
            "HOST_WALLET_PRIVATE_KEY": self.wallet_key,
            "HOST_WALLET_ADDRESS": self.wallet_address,
            "PUBLIC_URL": self.url("web"),
            "IPN_URL": self.url("nowpayments_ipn"),
            "PLATFORM_FEE_BPS": "1500",
            "SETTLEMENT_ASSET": "eth:eth",
            **QUICK,
        }

    def function_environment(self, name: str, database_url: str) -> dict[str, str]:
        """What one function gets: what the table grants it, and what all of them have."""
        entry = function_table()["functions"][name]
        known = self.names(database_url)
        granted = [*entry["secrets"], *entry["settings"]]
        emulators = ["PUBSUB_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"]
        common = ["DATABASE_URL", "GOOGLE_CLOUD_PROJECT", *emulators, *QUICK]
        # gunicorn keeps a control socket per server in its runtime or home folder.
        own = self.folder / "run" / name
        own.mkdir(parents=True, exist_ok=True)
        return {
            **base_environment(),
            "HOME": str(own),
            "XDG_RUNTIME_DIR": str(own),
            **{key: known[key] for key in [*common, *granted] if key in known},
            "PUSH_AUDIENCE": self.audience(name),
            "PUSH_SERVICE_ACCOUNT": PUSH_ACCOUNT,
            "RECONCILE_SECONDS": str(60 / self.tick_scale),
            "REFRESH_CURRENCIES_SECONDS": str(3_600 / self.tick_scale),
            "BATCH_PAYOUTS_SECONDS": str(300 / self.tick_scale),
            "EXPIRE_SUBSCRIPTIONS_SECONDS": str(60 / self.tick_scale),
            "BROADCAST_OFFERS_SECONDS": str(300 / self.tick_scale),
            "AUDIT_BOOKS_SECONDS": str(86_400 / self.tick_scale),
            "WORKERS": "1",
            "THREADS": "8",
        }


def base_environment() -> dict[str, str]:
    """What every process of the sandbox inherits: no secrets and no proxies."""
    kept = ("PATH", "HOME", "LANG", "TZ", "PYTHONHASHSEED", "LOG_FORMAT")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return {**inherited, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}


def _given(name: str, otherwise: str) -> str:
    """A secret that goes with a service named in the environment, or one of our own."""
    return os.environ.get(name) or otherwise


def python(*arguments: str) -> list[str]:
    """A command that runs with this interpreter."""
    return [sys.executable, *arguments]


def _parts() -> list[str]:
    return [*_WORLD, *function_table()["functions"]]


def _free_ports(names: list[str]) -> dict[str, int]:
    """Ports that differ, since all are held until all are found."""
    with ExitStack() as held:
        found = {}
        for name in names:
            probe = held.enter_context(socket.socket())
            probe.bind((HOST, 0))
            found[name] = int(probe.getsockname()[1])
        return found
