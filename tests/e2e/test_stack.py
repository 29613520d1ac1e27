"""The stack says where it is, and starts again what dies."""

import json
import socket
from typing import Any

import pytest

from tests.e2e.stage import Stage
from tests.e2e.swaps import swap_shop
from tests.sandbox.stack.plan import HOST, function_table

pytestmark = pytest.mark.xdist_group("stack")

# What others rely on; a part that is not built yet is null.
NAMES = [
    *("api_url", "web_url", "nowpayments_ipn_url", "telegram_bot_url", "nowpayments_url"),
    *("changenow_url", "telegram_url", "mail_url", "database_url", "ethereum_rpc_url"),
    *("ethereum_chain_id", "usdt_contract", "host_wallet_address", "pubsub_emulator_host"),
    *("firestore_emulator_host", "nowpayments_ipn_secret", "telegram_webhook_secret"),
    *("telegram_bot_token", "pids"),
]
NOT_BUILT = {"api_url", "mail_url"}


def written(scene: Stage) -> dict[str, Any]:
    """The file that says where everything is."""
    facts: dict[str, Any] = json.loads(scene.stack.plan.facts_path.read_text())
    return facts


def test_the_facts_name_every_part(scene: Stage) -> None:
    facts = written(scene)
    assert sorted(facts) == sorted(NAMES)
    assert {name for name, value in facts.items() if value is None} == NOT_BUILT
    assert facts["pids"] == scene.stack.pids()
    providers = {"nowpayments", "changenow", "telegram"}
    outside = {"ethereum", "pubsub", "firestore", "web", "scheduler"} | providers
    assert set(facts["pids"]) == {"postgres"} | outside | set(function_table()["functions"])


def test_addresses_of_the_facts_answer(scene: Stage) -> None:
    facts = written(scene)
    assert "<html" in scene.http.get(facts["web_url"]).text
    chain = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    answer = scene.http.post(facts["ethereum_rpc_url"], json=chain).json()
    assert int(answer["result"], 16) == facts["ethereum_chain_id"]
    code = {"jsonrpc": "2.0", "id": 2, "method": "eth_getCode"}
    code["params"] = [facts["usdt_contract"], "latest"]
    answer = scene.http.post(facts["ethereum_rpc_url"], json=code).json()
    assert len(answer["result"]) > 2
    currencies = scene.http.get(f"{facts['changenow_url']}/v2/exchange/currencies").json()
    assert {"btc", "usdt"} <= {one["ticker"] for one in currencies}
    for name in ("nowpayments_ipn_url", "telegram_bot_url"):
        assert scene.http.get(facts[name]).status_code == 405


@pytest.mark.parametrize("part", ["notify", "telegram", "changenow"])
def test_a_part_that_dies_is_started_again(scene: Stage, part: str) -> None:
    scene.wait_until_quiet()
    before = scene.kill(part)
    scene.wait_for("a new process", lambda: scene.stack.pids()[part] != before)
    fresh = scene.stack.pids()[part]
    scene.wait_for("the file to say so", lambda: written(scene)["pids"][part] == fresh)
    scene.wait_for("it to answer", lambda: _listens(scene, part))
    shop = swap_shop(scene) if part == "changenow" else scene.new_shop()
    purchase = scene.buy(scene.new_person(), shop)
    scene.join(purchase)
    scene.settle(purchase.payment_id)


def _listens(scene: Stage, part: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, scene.stack.plan.ports[part])) == 0
