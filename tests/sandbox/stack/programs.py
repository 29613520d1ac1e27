"""How each part is started, and how one sees that it answers."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.sandbox.stack.plan import (
    BOT_USERNAME,
    CHAIN_ID,
    HOST,
    PROJECT,
    PROJECT_ID,
    Plan,
    base_environment,
    function_table,
    python,
)
from tests.sandbox.stack.processes import Program


def world(plan: Plan, owner_url: str) -> list[Program]:
    """The outside world; by the database's owner its console lets time pass."""
    parts = (_ethereum, _pubsub, _firestore, _nowpayments, _changenow, _web)
    return [*(part(plan) for part in parts), _telegram(plan, owner_url)]


def functions(plan: Plan, database_url: str) -> list[Program]:
    """The real functions under functions-framework."""
    return [_function(plan, name, database_url) for name in function_table()["functions"]]


def scheduler(plan: Plan) -> Program:
    """Publishes the ticks."""
    command = python("-m", "tests.sandbox.scheduler", "--project", PROJECT_ID)
    for tick in (
        "reconcile=60",
        "refresh_currencies=3600",
        "batch_payouts=300",
        "expire_subscriptions=60",
        "broadcast_offers=300",
        "audit_books=86400",
    ):
        command += ["--tick", tick]
    command += ["--tick-scale", str(plan.tick_scale)]
    environment = {**base_environment(), "PUBSUB_EMULATOR_HOST": plan.pubsub_host}
    return Program("scheduler", command, environment, lambda: True)


def _ethereum(plan: Plan) -> Program:
    ports = ["--port", str(plan.ports["ethereum"]), "--anvil-port", str(plan.ports["anvil"])]
    state = ["--chain-id", str(CHAIN_ID), "--state", str(plan.folder / "ethereum.json")]
    command = python("-m", "tests.sandbox.ethereum", *ports, *state)
    command += ["--block-seconds", str(plan.block_seconds)]
    return Program("ethereum", command, base_environment(), _healthy(plan, "ethereum"))


def _pubsub(plan: Plan) -> Program:
    command = python("-m", "tests.sandbox.pubsub", "--grpc-port", str(plan.ports["pubsub"]))
    command += ["--front-port", str(plan.ports["front"])]
    command += ["--state", str(plan.folder / "pubsub.sqlite")]
    command += ["--push-min-backoff-seconds", str(plan.push_min_backoff_seconds)]
    for name, entry in function_table()["functions"].items():
        if entry["trigger"] != "http":
            command += ["--route", f"{name}={plan.url(name)}"]
    return Program("pubsub", command, base_environment(), _healthy(plan, "front"))


def _firestore(plan: Plan) -> Program:
    command = python("-m", "tests.sandbox.firestore", "--grpc-port", str(plan.ports["firestore"]))
    command += ["--control-port", str(plan.ports["firestore_control"])]
    command += ["--state", str(plan.folder / "firestore.sqlite")]
    return Program("firestore", command, base_environment(), _healthy(plan, "firestore_control"))


def _nowpayments(plan: Plan) -> Program:
    names = plan.names("")
    given = ("API_KEY", "IPN_SECRET", "EMAIL", "PASSWORD")
    environment = base_environment() | {
        f"NOWPAYMENTS_{name}": names[f"NOWPAYMENTS_{name}"] for name in given
    }
    command = python("-m", "tests.sandbox.nowpayments", "--port", str(plan.ports["nowpayments"]))
    command += ["--state", str(plan.folder / "nowpayments.sqlite")]
    command += ["--merchant-wallet", plan.wallet_address, "--rpc", plan.url("anvil")]
    command += ["--pace", str(plan.pace_seconds), "--public-url", plan.url("nowpayments")]
    return Program("nowpayments", command, environment, _healthy(plan, "nowpayments"))


def _changenow(plan: Plan) -> Program:
    command = python("-m", "tests.sandbox.changenow", "--port", str(plan.ports["changenow"]))
    command += ["--state", str(plan.folder / "changenow.sqlite"), "--rpc", plan.url("anvil")]
    command += ["--pace", str(plan.pace_seconds)]
    environment = base_environment() | {"CHANGENOW_API_KEY": plan.changenow_key}
    return Program("changenow", command, environment, _healthy(plan, "changenow"))


def _telegram(plan: Plan, owner_url: str) -> Program:
    command = python("-m", "tests.sandbox.telegram", "--port", str(plan.ports["telegram"]))
    command += ["--state", str(plan.folder / "telegram.sqlite"), "--bot-username", BOT_USERNAME]
    for part in ("nowpayments", "changenow", "ethereum"):
        command += [f"--{part}", plan.url(part)]
    secrets = {"TELEGRAM_BOT_TOKEN": plan.bot_token, "OWNER_DATABASE_URL": owner_url}
    environment = {**base_environment(), **secrets}
    return Program("telegram", command, environment, _healthy(plan, "telegram"))


def _web(plan: Plan) -> Program:
    command = python("-m", "tests.sandbox.stack.web", "--port", str(plan.ports["web"]))
    command += ["--root", str(PROJECT / "web" / "dist"), "--bot-username", BOT_USERNAME]
    return Program("web", command, base_environment(), _healthy(plan, "web", "/config.json"))


def _function(plan: Plan, name: str, database_url: str) -> Program:
    command = [str(Path(sys.executable).with_name("functions-framework")), "--target", name]
    command += ["--source", str(PROJECT / "functions" / name / "main.py")]
    command += ["--host", HOST, "--port", str(plan.ports[name])]
    environment = plan.function_environment(name, database_url)
    port = plan.ports[name]
    return Program(name, command, environment, lambda: _listens(port))


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _healthy(plan: Plan, part: str, path: str = "/healthz") -> Callable[[], bool]:
    def ready() -> bool:
        try:
            return httpx.get(plan.url(part) + path, timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    return ready
