"""Brings the whole stack up and down."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sandbox.postgres import PostgresServer, running_postgres
from tests.sandbox.postgres import database_url as owner_url
from tests.sandbox.stack import programs
from tests.sandbox.stack.plan import CHAIN_ID, Plan
from tests.sandbox.stack.processes import Supervisor
from tests.sandbox.stack.provision import prepare_database, prepare_pubsub, run_tick, set_webhook


@dataclass(frozen=True)
class Stack:
    """A running stack: addresses and secrets, the database's URL, and its processes."""

    plan: Plan
    database_url: str
    server: PostgresServer
    supervisor: Supervisor

    def facts(self) -> dict[str, Any]:
        """What `stack.json` says; a part that is not built yet is null."""
        plan = self.plan
        return {
            "api_url": None,
            "web_url": plan.url("web"),
            "nowpayments_ipn_url": plan.url("nowpayments_ipn"),
            "telegram_bot_url": plan.url("telegram_bot"),
            "nowpayments_url": plan.url("nowpayments"),
            "changenow_url": plan.url("changenow"),
            "telegram_url": plan.telegram_url,
            "mail_url": None,
            "database_url": self.database_url,
            "ethereum_rpc_url": plan.rpc_url,
            "ethereum_chain_id": CHAIN_ID,
            "usdt_contract": plan.names("")["USDT_CONTRACT"],
            "host_wallet_address": plan.wallet_address,
            "pubsub_emulator_host": plan.pubsub_host,
            "firestore_emulator_host": plan.firestore_host,
            "nowpayments_ipn_secret": plan.ipn_secret,
            "telegram_webhook_secret": plan.webhook_secret,
            "telegram_bot_token": plan.bot_token,
            "pids": self.pids(),
        }

    def pids(self) -> dict[str, int]:
        """Process id by part."""
        postgres = {} if self.server.pid is None else {"postgres": self.server.pid}
        return {**postgres, **self.supervisor.pids()}


_DATABASE = "funnel_sandbox"


@contextmanager
def running_stack(plan: Plan, *, durable: bool = True) -> Iterator[Stack]:
    """Start everything afresh in the plan's folder; the facts are written last."""
    keep = plan.folder / "postgres"
    _empty(plan.folder, keep)
    with running_postgres(keep, durable=durable) as server:
        database_url = prepare_database(server, _DATABASE)
        supervisor = Supervisor(plan.folder / "logs")
        stack = Stack(plan, database_url, server, supervisor)
        try:
            supervisor.start(programs.world(plan, owner_url(server, _DATABASE)))
            prepare_pubsub(plan)
            supervisor.start(programs.functions(plan, database_url))
            set_webhook(plan)
            supervisor.start([programs.scheduler(plan)])
            run_tick("refresh_currencies")
            supervisor.changed = lambda: write_facts(stack)
            write_facts(stack)
            yield stack
        finally:
            supervisor.stop()
            plan.facts_path.unlink(missing_ok=True)


def write_facts(stack: Stack) -> None:
    """Write `stack.json` so that a reader sees all of it or none."""
    path = stack.plan.facts_path
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(stack.facts(), indent=2) + "\n")
    fresh.replace(path)


def _empty(folder: Path, keep: Path) -> None:
    """Forget the last run, but for the database cluster, which takes longest to make."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path == keep:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
