"""What must hold after every scenario, whatever happened in it (design: I1 to I9).

`violations` compares the database with the fakes of the outside world and names what is broken.
"""

from collections import Counter
from typing import Any

from shared_lib.domain.currency import asset_of
from tests.world import World

_QUERIES = {
    "I1 a payment granted more than one period": """
        SELECT payment_id FROM membership_periods WHERE payment_id IS NOT NULL
        GROUP BY payment_id HAVING count(*) > 1""",
    "I1 a payment has more than one share": """
        SELECT payment_id FROM shares WHERE kind = 'payment'
        GROUP BY payment_id HAVING count(*) > 1""",
    "I1 a finished payment lacks its period": """
        SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.received IS NOT NULL AND o.kind = 'subscription' AND o.days IS NOT NULL
        AND NOT EXISTS (SELECT FROM membership_periods m WHERE m.payment_id = p.id)
        AND NOT EXISTS (SELECT FROM memberships m WHERE m.channel_id = o.channel_id
            AND m.telegram_user_id = o.telegram_user_id AND m.access_ends_at IS NULL)""",
    "I1 a payment was credited other than once": """
        SELECT p.id FROM payments p WHERE p.received IS NOT NULL AND 1 <>
        (SELECT count(*) FROM ledger_transactions t
         WHERE t.kind = 'finished' AND t.subject_id = p.id::text)""",
    "I3 received is not owner plus fee": """
        SELECT p.id FROM payments p JOIN shares s ON s.payment_id = p.id
        WHERE s.kind = 'payment' AND p.received <> s.amount + p.fee""",
    "I3 the ledger does not sum to zero": """
        SELECT asset FROM ledger_entries GROUP BY asset HAVING sum(amount) <> 0""",
    "I4 an expected share is watched by nobody": """
        SELECT s.id FROM shares s JOIN payments p ON p.id = s.payment_id
        WHERE s.state = 'expected' AND p.next_check_at IS NULL AND p.status <> 'review'""",
    "I4 a locked share is in no live payout": """
        SELECT s.id FROM shares s WHERE s.state = 'locked' AND NOT EXISTS (
            SELECT FROM payout_shares l JOIN payouts o ON o.id = l.payout_id
            WHERE l.share_id = s.id AND l.released_at IS NULL
            AND o.state NOT IN ('settled', 'returned'))""",
    "I4 a payout on its way has no live transfer": """
        SELECT o.id FROM payouts o WHERE o.state = 'sending' AND NOT EXISTS (
            SELECT FROM transfers t WHERE t.payout_id = o.id
            AND t.state NOT IN ('cancelled', 'reverted') AND NOT t.fills_nonce)""",
    "I4 a payout that swaps has no live swap": """
        SELECT o.id FROM payouts o WHERE o.state = 'swapping' AND NOT EXISTS (
            SELECT FROM swaps s WHERE s.payout_id = o.id
            AND s.state NOT IN ('abandoned', 'refunded'))""",
    "I4 an exchange waits for a transfer that nobody makes": """
        SELECT s.id FROM swaps s WHERE s.state = 'created' AND NOT EXISTS (
            SELECT FROM transfers t WHERE t.swap_id = s.id
            AND t.state IN ('requested', 'authorized', 'signing'))""",
    "I2 a payout was funded more than once": """
        SELECT t.payout_id FROM transfers t
        WHERE t.state IN ('sent', 'mined', 'confirmed') AND NOT t.fills_nonce
        AND NOT EXISTS (SELECT FROM swaps s WHERE s.id = t.swap_id AND s.state = 'refunded')
        GROUP BY t.payout_id HAVING count(*) > 1""",
    "I2 more was sent than is owed": """
        SELECT t.id FROM transfers t JOIN payouts o ON o.id = t.payout_id
        WHERE t.state IN ('sent', 'mined', 'confirmed') AND NOT t.fills_nonce
        AND t.amount > o.amount""",
    "I2 a swap is funded with another amount than its exchange was made for": """
        SELECT t.id FROM transfers t JOIN swaps s ON s.id = t.swap_id
        WHERE t.amount <> s.sold OR lower(t.destination) <> lower(s.payin_address)""",
    "I9 shares do not equal what the ledger owes": """
        SELECT coalesce(owed.channel_id, booked.channel_id) AS channel FROM
        (SELECT channel_id, asset, sum(amount) AS amount FROM shares
         WHERE state NOT IN ('paid', 'reversed') GROUP BY channel_id, asset) AS owed
        FULL JOIN (SELECT channel_id, asset, -sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'owner_payable' GROUP BY channel_id, asset) AS booked
        ON owed.channel_id = booked.channel_id AND owed.asset = booked.asset
        WHERE coalesce(owed.amount, 0) <> coalesce(booked.amount, 0)""",
    "a payout's amount is not the sum of its shares": """
        SELECT o.id FROM payouts o WHERE o.state IN ('swapping', 'sending', 'settled')
        AND o.amount <> (SELECT coalesce(sum(s.amount), 0)
         FROM payout_shares l JOIN shares s ON s.id = l.share_id WHERE l.payout_id = o.id
         AND l.released_at IS NULL)""",
    "a nonce was skipped": """
        SELECT w.address FROM wallets w WHERE w.next_nonce <>
        (SELECT coalesce(max(t.nonce) + 1, 0) FROM transfers t
         WHERE t.wallet_address = w.address AND t.nonce IS NOT NULL)
        AND EXISTS (SELECT FROM transfers t WHERE t.wallet_address = w.address
                    AND t.nonce IS NOT NULL)""",
}


def violations(world: World) -> list[str]:
    """Everything that is broken; empty when all is well."""
    found = [f"{rule}: {world.rows(sql)}" for rule, sql in _QUERIES.items() if world.rows(sql)]
    return [*found, *_chain_violations(world), *_people_violations(world)]


def _chain_violations(world: World) -> list[str]:
    """I2 and I8: the chain moved exactly what the database says."""
    found = []
    for (address, asset), paid in _paid_by_address(world).items():
        held = world.fake_chain.balance(address, asset_of(asset)).base_units
        in_flight = _in_flight_to(world, address, asset)
        if not paid <= held <= paid + in_flight:
            found.append(f"I2 {address} holds {held}, {paid} is confirmed, {in_flight} in flight")
    booked = _booked(world, "host_wallet") + _booked(world, "gas_float")
    if not _is_money_under_way(world):
        held = world.fake_chain.balance(world.policy.host_wallet).base_units
        if held != booked:
            found.append(f"I8 the wallet holds {held}, the ledger says {booked}")
    return found


def _is_money_under_way(world: World) -> bool:
    unfinished = world.unfinished()
    return bool(unfinished.get("transfers") or unfinished.get("swaps") or _unseen_deposits(world))


def _paid_by_address(world: World) -> Counter[tuple[str, str]]:
    """What confirmed transfers brought, by address and asset; every address we ever paid to."""
    paid: Counter[tuple[str, str]] = Counter()
    for row in world.rows(
        "SELECT destination, asset, state, amount FROM transfers WHERE NOT fills_nonce"
    ):
        amount = int(row["amount"]) if row["state"] == "confirmed" else 0
        paid[row["destination"], row["asset"]] += amount
    return paid


def _in_flight_to(world: World, address: str, asset: str) -> int:
    rows = world.rows(
        "SELECT coalesce(sum(amount), 0) AS amount FROM transfers WHERE NOT fills_nonce "
        f"AND destination = '{address}' AND asset = '{asset}' AND state IN ('sent', 'mined')"
    )
    return int(rows[0]["amount"])


def _unseen_deposits(world: World) -> bool:
    """Deposits that stand on the chain and are not booked, or not yet."""
    rows = world.rows(
        "SELECT count(*) AS number FROM payments WHERE deposit_hash IS NULL "
        "AND status NOT IN ('expired', 'failed')"
    )
    return bool(int(rows[0]["number"]))


def _booked(world: World, account: str) -> int:
    rows = world.rows(
        f"SELECT coalesce(sum(amount), 0) AS amount FROM ledger_entries WHERE account = '{account}'"
    )
    return int(rows[0]["amount"])


def _people_violations(world: World) -> list[str]:
    """I1 and I5: at most one invite per payment, and nobody inside without a right to be."""
    found = []
    invited = Counter[int]()
    for row in world.rows(
        "SELECT o.telegram_user_id AS person FROM payments p JOIN orders o ON o.id = p.order_id "
        "WHERE p.received IS NOT NULL"
    ):
        invited[int(row["person"])] += 1
    for person, payments in invited.items():
        links = len(world.invite_urls(person))
        if links > payments:
            found.append(f"I1 {person} got {links} invites for {payments} payments")
    return [*found, *_intruders(world)]


def _intruders(world: World) -> list[str]:
    entitled: set[tuple[int, int]] = set()
    for row in world.rows(
        "SELECT c.chat_id, m.telegram_user_id FROM memberships m "
        "JOIN channel_chats c ON c.channel_id = m.channel_id WHERE m.let_in_at IS NOT NULL"
    ):
        entitled.add((int(row["chat_id"]), int(row["telegram_user_id"])))
    let_in: list[Any] = [
        f"{person} is in {chat_id} without having paid"
        for chat_id, chat in world.fake_messenger.chats.items()
        for person in chat.members
        if (chat_id, person) not in entitled
    ]
    return let_in


def assert_sound(world: World) -> None:
    """Raise AssertionError naming every broken invariant."""
    found = violations(world)
    assert not found, "\n".join(found)
