"""One wallet, one chain, and everything that can come between them: each owner is paid once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.stage import Purchase, Stage
from tests.sandbox.stack.plan import CHAIN_ID

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(180)]

SEND = "eth_sendRawTransaction"


@pytest.fixture(autouse=True)
def _the_wallet_is_at_rest(scene: Stage) -> None:
    """What earlier tests sent is mined; the next transaction is this test's."""
    scene.wait_until_quiet()


def bought(scene: Stage) -> Purchase:
    """A purchase of a shop of its own, just paid."""
    return scene.buy(scene.new_person(), scene.new_shop())


def transfer_of(scene: Stage, purchase: Purchase) -> dict[str, Any] | None:
    """The transfer that pays for a purchase, or None while there is none."""
    found = scene.rows(
        "SELECT t.id::text, t.state, t.nonce, t.mined_hash, t.mined_block, t.failures "
        "FROM transfers t JOIN payout_shares l ON l.payout_id = t.payout_id "
        "JOIN shares s ON s.id = l.share_id JOIN payments p ON p.id = s.payment_id "
        "WHERE p.provider_payment_id = :id",
        id=purchase.payment_id,
    )
    return found[0] if found else None


def in_state(scene: Stage, purchase: Purchase, *states: str) -> Callable[[], dict[str, Any] | None]:
    """Looks whether the transfer is in one of these states."""

    def look() -> dict[str, Any] | None:
        row = transfer_of(scene, purchase)
        return row if row and row["state"] in states else None

    return look


def paid_once(scene: Stage, purchase: Purchase) -> dict[str, Any]:
    """The owner has exactly the share, by the only transaction ever sent there."""
    row = scene.settle(purchase.payment_id)
    (sent,) = scene.sent_transactions(purchase.shop.destination)
    assert (sent["hash"], sent["nonce"]) == (row["mined_hash"], row["nonce"])
    assert int(sent["value"]) == row["share"]
    assert scene.balance(purchase.shop.destination).base_units == row["share"]
    attempts = scene.rows(
        "SELECT a.hash FROM transfer_attempts a JOIN transfers t ON t.id = a.transfer_id "
        "WHERE t.destination = :to",
        to=purchase.shop.destination,
    )
    assert [one["hash"] for one in attempts] == [row["mined_hash"]]
    return sent


def test_ten_payouts_at_once_go_out_on_consecutive_nonces(scene: Stage) -> None:
    first_nonce = scene.one("SELECT coalesce(max(next_nonce), 0) FROM wallets")
    with scene.paused("start_payout"):
        purchases = [bought(scene) for _ in range(10)]
        pending = (
            "SELECT count(*) FROM shares s JOIN payments p ON p.id = s.payment_id "
            "WHERE p.provider_payment_id = ANY(:ids) AND s.state = 'pending'"
        )
        ids = [one.payment_id for one in purchases]
        scene.wait_for("ten shares", lambda: scene.one(pending, ids=ids) == 10)
    nonces = sorted(paid_once(scene, one)["nonce"] for one in purchases)
    assert nonces == list(range(first_nonce, first_nonce + 10))
    assert scene.one("SELECT next_nonce FROM wallets") == first_nonce + 10


def test_a_hidden_transaction_that_is_mined_late_pays_once(scene: Stage) -> None:
    scene.ethereum("hide", times=1000)
    try:
        purchase = bought(scene)
        sent = scene.wait_for("the transfer", in_state(scene, purchase, "sent"))

        def rebroadcast() -> bool:
            return any(
                one["times"] >= 3 for one in scene.sent_transactions(purchase.shop.destination)
            )

        scene.wait_for("the same bytes again and again", rebroadcast)
        # An hour goes by: all times of the transfer and its payout are an hour older.
        hour = (
            "UPDATE {} SET created_at = created_at - interval '1 hour', "
            "next_check_at = next_check_at - interval '1 hour', "
            "deadline_at = deadline_at - interval '1 hour' WHERE {}"
        )
        scene.owner.run(hour.format("transfers", "id = :id"), id=sent["id"])
        mine = "id = (SELECT payout_id FROM transfers WHERE id = :id)"
        scene.owner.run(hour.format("payouts", mine), id=sent["id"])
        scene.let_ticks_pass(3)
        assert scene.balance(purchase.shop.destination).base_units == 0
    finally:
        released = scene.ethereum("release")
    assert len(released["released"]) == 1
    paid_once(scene, purchase)


@pytest.mark.parametrize("kind", ["lose_answer", "drop"])
def test_a_broadcast_without_an_answer_pays_once(scene: Stage, kind: str) -> None:
    with scene.fault("ethereum", SEND, kind) as fault:
        purchase = bought(scene)
        fault.wait()
        paid_once(scene, purchase)


@pytest.mark.parametrize(
    "words", ["already known", "nonce too low", "replacement transaction underpriced"]
)
def test_a_broadcast_that_the_node_answers_oddly_pays_once(scene: Stage, words: str) -> None:
    """The words alone prove nothing: here the node never took the bytes."""
    fault = {"name": "rpc_error", "values": {"code": -32000, "message": words}}
    with scene.fault("ethereum", SEND, "custom", **fault) as struck:
        purchase = bought(scene)
        struck.wait()
        paid_once(scene, purchase)


def test_a_reorganisation_that_drops_a_transfer_sends_the_same_bytes_again(scene: Stage) -> None:
    scene.ethereum("mining", on=False)
    try:
        with scene.paused("check_transfer"):
            purchase = _bought_while_mining_by_hand(scene)
            (sent,) = scene.sent_transactions(purchase.shop.destination)
            scene.ethereum("mine", blocks=1)
        mined = scene.wait_for("the first block", in_state(scene, purchase, "mined"))
        assert scene.ethereum("reorg", depth=1, drop=True)["removed"] == [mined["mined_hash"]]
        assert scene.transaction(mined["mined_hash"]) is None
        scene.ethereum("mine", blocks=1)
        scene.wait_for("it to be on its way again", in_state(scene, purchase, "sent"))
        found = scene.wait_for("the bytes again", lambda: scene.transaction(mined["mined_hash"]))
        assert found["hash"] == mined["mined_hash"]
    finally:
        scene.ethereum("mining", on=True)
    again = paid_once(scene, purchase)
    assert again["raw"] == sent["raw"]
    assert again["times"] > sent["times"]


def _bought_while_mining_by_hand(scene: Stage) -> Purchase:
    """Blocks only until the money is here and the transfer is out."""
    purchase = bought(scene)

    def is_sent() -> bool:
        row = transfer_of(scene, purchase)
        if row is None:
            scene.ethereum("mine", blocks=1)
        return bool(scene.sent_transactions(purchase.shop.destination))

    scene.wait_for("the broadcast", is_sent)
    scene.wait_for_delivery("send_transfer")
    return purchase


# ---- what stops all sending ----------------------------------------------------------------------


def _refused(scene: Stage, purchase: Purchase, refusal: str) -> str:
    """Wait until the transfer is refused for this reason; its id."""
    row = scene.wait_for("the transfer", lambda: transfer_of(scene, purchase))

    def reviewed() -> bool:
        found = scene.open_reviews(row["id"]).get("transfer_refused")
        return found is not None and found["refusal"] == refusal

    scene.wait_for("a review item", reviewed)
    scene.let_ticks_pass(3)
    assert scene.sent_transactions(purchase.shop.destination) == []
    transfer_id: str = row["id"]
    return transfer_id


def test_nothing_is_sent_to_the_wrong_chain(scene: Stage) -> None:
    scene.ethereum("chain_id", value=CHAIN_ID + 1)
    try:
        purchase = bought(scene)
        transfer_id = _refused(scene, purchase, "wrong_chain")
    finally:
        scene.ethereum("chain_id", value=CHAIN_ID)
    paid_once(scene, purchase)
    assert scene.open_reviews(transfer_id) == {}


def test_nothing_is_sent_without_money_for_gas(scene: Stage) -> None:
    """The gas money is what the ledger says; a block's base fee makes it too little."""
    try:
        with scene.paused("authorize_transfer"):
            purchase = bought(scene)
            scene.wait_for("the transfer", in_state(scene, purchase, "requested"))
            scene.ethereum("mining", on=False)
            scene.ethereum("base_fee", wei=str(10**15))
            scene.ethereum("mine", blocks=1)
        transfer_id = _refused(scene, purchase, "gas_float_low")
    finally:
        scene.ethereum("base_fee", wei=str(10**9))
        scene.ethereum("mining", on=True)
    paid_once(scene, purchase)
    assert scene.open_reviews(transfer_id) == {}


def _taken(scene: Stage, tx_hash: str) -> int:
    """What a transaction cost its sender, in wei."""
    sent, receipt = scene.transaction(tx_hash), scene.receipt(tx_hash) or {}
    gas = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    return int(sent["value"], 16) + gas


def test_a_foreign_transaction_of_our_wallet_freezes_it(scene: Stage) -> None:
    with scene.paused("start_payout"):
        purchase = bought(scene)
        scene.finished(purchase.payment_id)
        stranger = scene.new_shop().destination
        foreign = scene.ethereum(
            "send_as", private_key=scene.stack.plan.wallet_key, to=stranger, wei="1"
        )["hash"]
        block = "blockNumber"
        scene.wait_for("its block", lambda: (scene.transaction(foreign) or {}).get(block))
    try:
        transfer_id = _refused(scene, purchase, "wallet_frozen")
        assert scene.one("SELECT frozen_because FROM wallets") is not None
        assert "foreign_nonce" in scene.open_reviews(scene.wallet)
    finally:
        # A person looked, found whose transaction it was, makes up for what it took, and lets the
        # wallet go on after it.
        scene.ethereum("fund", address=scene.wallet, wei=str(_taken(scene, foreign)))
        scene.owner.run("UPDATE wallets SET frozen_because = NULL, next_nonce = next_nonce + 1")
        scene.owner.run("UPDATE review_items SET closed_at = now() WHERE subject_kind = 'wallet'")
    paid_once(scene, purchase)
    assert scene.open_reviews(transfer_id) == {}
