"""What must hold after every scenario, whatever happened in it (design: I1 to I9).

`violations` compares the database with the fakes of the outside world and names what is broken.
"""

from collections import Counter
from typing import Any

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
        WHERE p.received <> s.amount + p.fee""",
    "I3 the ledger does not sum to zero": """
        SELECT asset FROM ledger_entries GROUP BY asset HAVING sum(amount) <> 0""",
    "I4 an expected share is watched by nobody": """
        SELECT s.id FROM shares s JOIN payments p ON p.id = s.payment_id
        WHERE s.state = 'expected' AND p.next_check_at IS NULL AND p.status <> 'review'""",
    "I4 a locked share is in no live payout": """
        SELECT s.id FROM shares s WHERE s.state = 'locked' AND NOT EXISTS (
            SELECT FROM payout_shares l JOIN payouts o ON o.id = l.payout_id
            WHERE l.share_id = s.id AND l.released_at IS NULL AND o.state <> 'settled')""",
    "I4 a payout on its way has no live transfer": """
        SELECT o.id FROM payouts o WHERE o.state = 'sending' AND NOT EXISTS (
            SELECT FROM transfers t WHERE t.payout_id = o.id
            AND t.state NOT IN ('cancelled', 'reverted'))""",
    "I9 shares do not equal what the ledger owes": """
        SELECT coalesce(owed.channel_id, booked.channel_id) AS channel FROM
        (SELECT channel_id, sum(amount) AS amount FROM shares
         WHERE state NOT IN ('paid', 'reversed') GROUP BY channel_id) AS owed
        FULL JOIN (SELECT channel_id, -sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'owner_payable' GROUP BY channel_id) AS booked
        ON owed.channel_id = booked.channel_id
        WHERE coalesce(owed.amount, 0) <> coalesce(booked.amount, 0)""",
    "a payout's amount is not the sum of its shares": """
        SELECT o.id FROM payouts o WHERE o.state IN ('sending', 'settled') AND o.amount <>
        (SELECT coalesce(sum(s.amount), 0) FROM payout_shares l JOIN shares s ON s.id = l.share_id
         WHERE l.payout_id = o.id AND l.released_at IS NULL)""",
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
    for address, paid in _settled_by_address(world).items():
        held = world.fake_chain.balance(address).base_units
        in_flight = _in_flight_to(world, address)
        if not paid <= held <= paid + in_flight:
            found.append(f"I2 {address} holds {held}, {paid} is settled, {in_flight} in flight")
    booked = _booked(world, "host_wallet") + _booked(world, "gas_float")
    if not world.unfinished().get("transfers") and not _unseen_deposits(world):
        held = world.fake_chain.balance(world.policy.host_wallet).base_units
        if held != booked:
            found.append(f"I8 the wallet holds {held}, the ledger says {booked}")
    return found


def _settled_by_address(world: World) -> Counter[str]:
    paid: Counter[str] = Counter()
    for row in world.rows("SELECT destination_address AS address, state, amount FROM payouts"):
        paid[row["address"]] += int(row["amount"]) if row["state"] == "settled" else 0
    return paid


def _in_flight_to(world: World, address: str) -> int:
    rows = world.rows(
        "SELECT coalesce(sum(amount), 0) AS amount FROM transfers "
        f"WHERE destination = '{address}' AND state IN ('sent', 'mined')"
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
