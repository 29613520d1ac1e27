"""What must hold after every scenario, whatever happened in it (design: I1 to I9).

`violations` compares the database with the fakes of the outside world and names what is broken.
It reads the database in one round trip, so that it can be asked after every step of a long history.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from shared_lib.domain.currency import asset_of
from shared_lib.domain.money import ETH, USDT
from tests.world import UNFINISHED, World

# A link that is delivered anew is replaced if less of its time is left.
LINK_TIME_LEFT_LEAST = timedelta(hours=1)
_OURS = (ETH, USDT)
Found = Mapping[str, list[dict[str, Any]]]

RULES = {
    "I1 a payment granted more than one period": """
        SELECT payment_id FROM membership_periods WHERE payment_id IS NOT NULL
        GROUP BY payment_id HAVING count(*) > 1""",
    "I1 a payment has more than one share": """
        SELECT payment_id FROM shares WHERE kind = 'payment'
        GROUP BY payment_id HAVING count(*) > 1""",
    "I1 a finished payment lacks its period": """
        SELECT p.id FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.received IS NOT NULL AND o.kind = 'subscription' AND o.days + p.extra_days > 0
        AND NOT EXISTS (SELECT FROM membership_periods m WHERE m.payment_id = p.id)
        AND NOT EXISTS (SELECT FROM memberships m WHERE m.channel_id = o.channel_id
            AND m.telegram_user_id = o.telegram_user_id AND m.access_ends_at IS NULL)""",
    "I1 a payment was credited other than once": """
        SELECT p.id FROM payments p WHERE p.received IS NOT NULL AND 1 <>
        (SELECT count(*) FROM ledger_transactions t
         WHERE t.kind IN ('finished', 'credit_used') AND t.subject_id = p.id::text)""",
    "I1 a credit was spent other than its state says": """
        SELECT c.id FROM payer_credits c LEFT JOIN LATERAL
        (SELECT string_agg(t.kind, ',') AS kinds FROM ledger_transactions t
         WHERE t.subject_id = c.payment_id::text AND t.kind LIKE 'credit%') AS t ON true
        WHERE coalesce(t.kinds, '') <> CASE c.state WHEN 'used' THEN 'credit_used'
            WHEN 'refunded' THEN 'credit_refunded' WHEN 'withdrawn' THEN 'credit_withdrawn'
            ELSE '' END""",
    "I4 what came in part is looked after by nobody": """
        SELECT c.id FROM payer_credits c JOIN payments p ON p.id = c.payment_id
        WHERE (c.state = 'to_refund' OR (c.state = 'open'
               AND p.status NOT IN ('partially_paid', 'finished'))) AND NOT EXISTS (
            SELECT FROM review_items r WHERE r.subject_kind = 'payment'
            AND r.subject_id = p.id::text AND r.closed_at IS NULL)""",
    "I9 what payers have with us is not what the ledger owes them": """
        SELECT coalesce(owed.asset, booked.asset) AS asset FROM
        (SELECT asset, sum(amount) AS amount FROM payer_credits
         WHERE state IN ('open', 'to_refund', 'taken') GROUP BY asset) AS owed
        FULL JOIN (SELECT asset, -sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'payer_credit' GROUP BY asset) AS booked
        ON owed.asset = booked.asset
        WHERE coalesce(owed.amount, 0) <> coalesce(booked.amount, 0)""",
    "I1 a deposit was booked other than once": """
        SELECT p.id FROM payments p WHERE p.deposit_hash IS NOT NULL AND 1 <>
        (SELECT count(*) FROM ledger_transactions t
         WHERE t.kind = 'deposit_seen' AND t.subject_id = p.id::text)""",
    "I3 received is not owner plus fee": """
        SELECT p.id FROM payments p JOIN shares s ON s.payment_id = p.id
        WHERE s.kind = 'payment' AND s.asset = p.received_asset
        AND p.received <> s.amount + p.fee""",
    "I3 what was converted is not owner's part less dust": """
        SELECT p.id FROM payments p JOIN shares s ON s.payment_id = p.id
        JOIN payout_shares l ON l.share_id = s.id AND l.part IS NOT NULL
        WHERE p.received - p.fee - l.weight NOT BETWEEN 0 AND 9999999999""",
    "I3 a conversion was not divided to the last unit": """
        SELECT o.id FROM payouts o JOIN swaps w ON w.payout_id = o.id AND w.state = 'finished'
        JOIN payout_shares l ON l.payout_id = o.id AND l.released_at IS NULL
        WHERE o.channel_id IS NULL GROUP BY o.id, w.sold, w.bought
        HAVING sum(l.weight) IS DISTINCT FROM w.sold OR sum(l.part) IS DISTINCT FROM w.bought""",
    "I9 what the database keeps as held is not what is held": """
        SELECT coalesce(b.channel_id, s.channel_id) AS channel FROM held_balances b
        FULL JOIN (SELECT channel_id, sum(amount) AS amount FROM shares
                   WHERE state = 'held' GROUP BY channel_id) AS s USING (channel_id)
        WHERE coalesce(b.amount, 0) <> coalesce(s.amount, 0)""",
    "I3 the ledger does not sum to zero": """
        SELECT asset FROM ledger_entries GROUP BY asset HAVING sum(amount) <> 0""",
    "I4 an expected share is watched by nobody": """
        SELECT s.id FROM shares s JOIN payments p ON p.id = s.payment_id
        WHERE s.state = 'expected' AND p.next_check_at IS NULL AND p.status <> 'review'""",
    "I4 a locked share is in no live payout": """
        SELECT s.id FROM shares s WHERE s.state IN ('locked', 'converting') AND NOT EXISTS (
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
    "I1 a period is not as long as its order says": """
        SELECT p.id FROM membership_periods p JOIN payments y ON y.id = p.payment_id
        JOIN orders o ON o.id = y.order_id
        WHERE p.ends_at - p.starts_at <> make_interval(days => o.days + y.extra_days)""",
    "I1 a donation granted access": """
        SELECT o.id FROM orders o JOIN payments y ON y.order_id = o.id
        WHERE o.kind = 'donation' AND (
            EXISTS (SELECT FROM membership_periods p WHERE p.payment_id = y.id)
            OR EXISTS (SELECT FROM invites i WHERE i.payment_id = y.id))""",
    "I1 access does not end with its last period": """
        SELECT m.id FROM memberships m WHERE m.state = 'active' AND m.access_ends_at <>
        (SELECT max(p.ends_at) FROM membership_periods p
         WHERE p.membership_id = m.id AND p.cut_at IS NULL)""",
    "I5 a grant runs on for somebody who is blocked": """
        SELECT p.id FROM membership_periods p JOIN memberships m ON m.id = p.membership_id
        WHERE m.state = 'blocked' AND p.cut_at IS NULL
        AND (p.ends_at IS NULL OR p.ends_at > m.access_ends_at)""",
    "I2 a share is carried by two payouts": """
        SELECT share_id FROM payout_shares WHERE released_at IS NULL AND part IS NULL
        GROUP BY share_id HAVING count(*) > 1""",
    "I2 a swap was signed for after its promise had ended": """
        SELECT t.id FROM transfer_attempts a JOIN transfers t ON t.id = a.transfer_id
        JOIN swaps s ON s.id = t.swap_id
        WHERE a.kind = 'send' AND a.created_at > s.promise_ends_at""",
    "I3 a payment was credited with another amount than was reported": """
        SELECT p.id FROM payments p JOIN currencies c ON c.id = p.received_asset
        WHERE NOT EXISTS (SELECT FROM payment_events e WHERE e.payment_id = p.id
            AND (e.body::jsonb ->> 'outcome_amount')::numeric * power(10::numeric, c.decimals)
                = p.received)""",
    "I8 what is on its way is not what the ledger has in flight": """
        SELECT coalesce(sent.asset, booked.asset) AS asset FROM
        (SELECT t.asset, sum(t.amount) AS amount FROM transfers t
         LEFT JOIN swaps s ON s.id = t.swap_id
         WHERE NOT t.fills_nonce AND (t.state IN ('sent', 'mined')
             OR (t.state = 'confirmed' AND s.state = 'funded')) GROUP BY t.asset) AS sent
        FULL JOIN (SELECT asset, sum(amount) AS amount FROM ledger_entries
                   WHERE account = 'in_flight' GROUP BY asset) AS booked
        ON sent.asset = booked.asset
        WHERE coalesce(sent.amount, 0) <> coalesce(booked.amount, 0)""",
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
        AND (o.channel_id IS NOT NULL OR o.state <> 'settled')
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


# What the outside world is compared with.
FACTS = {
    "transfers": "SELECT destination, asset, state, amount FROM transfers WHERE NOT fills_nonce",
    "booked": """
        SELECT asset, sum(amount) AS amount FROM ledger_entries
        WHERE account IN ('host_wallet', 'gas_float') GROUP BY asset""",
    "unfinished": UNFINISHED,
    "unseen deposits": """
        SELECT id FROM payments WHERE deposit_hash IS NULL AND status NOT IN ('expired', 'failed')
        LIMIT 1""",
    "counted": "SELECT hash FROM incoming_transactions",
    "invited": """
        SELECT person, count(*) AS causes FROM (
            SELECT o.telegram_user_id AS person FROM payments p
            JOIN orders o ON o.id = p.order_id
            WHERE p.received IS NOT NULL AND o.kind = 'subscription'
            UNION ALL SELECT m.telegram_user_id FROM membership_periods p
            JOIN memberships m ON m.id = p.membership_id WHERE p.payment_id IS NULL
            UNION ALL SELECT m.telegram_user_id FROM invites i
            JOIN memberships m ON m.id = i.membership_id WHERE i.is_again
        ) AS entitling GROUP BY person""",
    "entitled": """
        SELECT c.chat_id, m.telegram_user_id AS person FROM memberships m
        JOIN channel_chats c ON c.channel_id = m.channel_id WHERE m.let_in_at IS NOT NULL""",
    "granted": """
        SELECT c.chat_id, m.telegram_user_id AS person, p.starts_at, p.created_at,
            least(p.ends_at, p.cut_at) AS ends_at
        FROM membership_periods p JOIN memberships m ON m.id = p.membership_id
        JOIN channel_chats c ON c.channel_id = m.channel_id WHERE c.role = 'closed'""",
    "adopted": """
        SELECT exchange_id, destination_address AS payee FROM swaps
        WHERE exchange_id IS NOT NULL""",
    "given up": """
        SELECT id FROM swap_events WHERE kind IN ('orphan', 'difference')
        UNION ALL SELECT NULL FROM swaps WHERE state = 'creating'""",
    "nonces": """
        SELECT w.address, w.next_nonce, (SELECT json_agg(t.nonce) FROM transfers t
            WHERE t.wallet_address = w.address AND t.nonce >= w.next_nonce - 16) AS held
        FROM wallets w""",
}


def violations(world: World, more_rules: Mapping[str, str] | None = None) -> list[str]:
    """Everything that is broken; empty when all is well. `more_rules` find nothing, as these."""
    rules = {**RULES, **(more_rules or {})}
    return broken(world, read(world, {**rules, **FACTS}), rules)


def broken(world: World, found: Found, rules: Mapping[str, str]) -> list[str]:
    """What is broken by what was read: the rows of these rules and of FACTS."""
    return [
        *(f"{rule}: {found[rule]}" for rule in rules if found[rule]),
        *_chain_violations(world, found),
        *_nonce_violations(world, found),
        *_exchange_violations(world, found),
        *_people_violations(world, found),
    ]


def read(world: World, queries: Mapping[str, str]) -> Found:
    """The rows of all queries by their names, in one round trip."""
    answers = world.kept_rows(_one_statement(tuple(queries.items())))
    return {row["name"]: json.loads(row["found"] or "[]") for row in answers}


@cache
def _one_statement(queries: tuple[tuple[str, str], ...]) -> str:
    parts = (
        f"SELECT '{name.replace(chr(39), chr(39) * 2)}' AS name, "
        f"(SELECT json_agg(one) FROM ({sql}) AS one)::text AS found"
        for name, sql in queries
    )
    return " UNION ALL ".join(parts)


def _chain_violations(world: World, found: Found) -> list[str]:
    """I2 and I8: the chain moved exactly what the database says."""
    broken = []
    paid, in_flight = _sent_by_address(found, "confirmed"), _sent_by_address(found, "sent", "mined")
    for (address, asset), amount in paid.items():
        held = world.fake_chain.held(address, asset_of(asset))
        flying = in_flight[address, asset]
        if not amount <= held <= amount + flying:
            broken.append(f"I2 {address} holds {held}, {amount} is confirmed, {flying} in flight")
    if not _is_money_under_way(world, found):
        booked = {row["asset"]: int(row["amount"]) for row in found["booked"]}
        for coin in _OURS:
            held = world.fake_chain.held(world.policy.host_wallet, coin)
            said = booked.get(coin.id, 0)
            if held != said:
                broken.append(f"I8 the wallet holds {held} {coin.ticker}, the ledger says {said}")
    return broken


def _sent_by_address(found: Found, *states: str) -> Counter[tuple[str, str]]:
    """What transfers in these states bring, by address and asset; every address we ever paid to."""
    sent: Counter[tuple[str, str]] = Counter()
    for row in found["transfers"]:
        amount = int(row["amount"]) if row["state"] in states else 0
        sent[row["destination"], row["asset"]] += amount
    return sent


def _is_money_under_way(world: World, found: Found) -> bool:
    """Whether something is sent, swapped, announced, or arrived and not booked yet."""
    on_its_way = {row["kind"] for row in found["unfinished"] if row["number"]}
    if on_its_way & {"transfers", "swaps"} or found["unseen deposits"]:
        return True
    counted = {row["hash"] for row in found["counted"]}
    wallet = world.policy.host_wallet
    return any(not counted.issuperset(world.fake_chain.received(wallet, coin)) for coin in _OURS)


def _nonce_violations(world: World, found: Found) -> list[str]:
    """I4: the nonce that the chain waits for is a transfer's, else all above it wait for ever."""
    broken = []
    for wallet in found["nonces"]:
        mined = world.fake_chain._blocks[-1].accounts.next_nonce(wallet["address"])
        if mined < wallet["next_nonce"] and mined not in (wallet["held"] or []):
            broken.append(f"I4 the chain waits for a nonce that no transfer has: {mined}")
    return broken


def _exchange_violations(world: World, found: Found) -> list[str]:
    """I2: every exchange that was made is on record, and what got money pays the right person."""
    exchanges = world.fake_swaps.exchanges
    payees = {row["exchange_id"]: str(row["payee"]) for row in found["adopted"]}
    broken = []
    for name, one in exchanges.items():
        if not world.fake_chain.held(one.payin_address, one.sold.asset):
            continue
        if name not in payees:
            broken.append(f"I2 an exchange got money and is none of ours: {name}")
        elif one.echo.payout_address.lower() != payees[name].lower():
            broken.append(f"I2 an exchange got money and pays somebody else: {name}")
    unknown = sorted(set(exchanges) - set(payees))
    if len(unknown) > len(found["given up"]):
        broken.append(f"I2 an exchange was made that is on no record: {unknown}")
    return broken


def fee_violations(world: World) -> list[str]:
    """I3: of each payment we keep what was agreed, rounded up; where fees never change.

    It is counted here anew, so that it does not agree with a mistake of the product's.
    """
    broken = []
    for row in read(world, {"fees": _FEES})["fees"]:
        bps = world.policy.fee_bps if row["bps"] is None else row["bps"]
        if int(row["fee"]) != -(-int(row["received"]) * bps // 10_000):
            broken.append(f"I3 the fee is not what was agreed: payment {row['id']}")
    return broken


_FEES = """
SELECT p.id, p.received, p.fee, c.fee_bps AS bps FROM payments p
JOIN orders o ON o.id = p.order_id JOIN channels c ON c.id = o.channel_id
WHERE p.received IS NOT NULL
"""


def _people_violations(world: World, found: Found) -> list[str]:
    """I1 and I5: an invite per payment or grant at most, and nobody inside without a right."""
    broken = []
    for row in found["invited"]:
        person, causes = int(row["person"]), int(row["causes"])
        links = len({one for one in world.invite_urls(person) if _is_good(world, one)})
        if links > causes:
            broken.append(f"I1 {person} got {links} invites for {causes} payments and grants")
    return [*broken, *_intruders(world, found), *_wronged(world, found)]


def _is_good(world: World, url: str) -> bool:
    """Whether a link can be used for a while; one that cannot may be followed by another."""
    return world.fake_messenger.links[url].expires_at - world.clock.now() >= LINK_TIME_LEFT_LEAST


def _intruders(world: World, found: Found) -> list[str]:
    entitled = {(int(row["chat_id"]), int(row["person"])) for row in found["entitled"]}
    return [
        f"{person} is in {chat_id} without having paid"
        for chat_id, chat in world.fake_messenger.chats.items()
        for person in chat.members - chat.protected - chat.guests
        if (chat_id, person) not in entitled
    ]


def _wronged(world: World, found: Found) -> list[str]:
    """I5: people who were removed while they had access, but for what was paid in that moment."""
    leased = timedelta(seconds=world.policy.lease_seconds)
    granted: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in found["granted"]:
        granted.setdefault((int(row["chat_id"]), int(row["person"])), []).append(row)
    return [
        f"I5 {person} was removed from {chat_id} and had access"
        for chat_id, person, at in world.fake_messenger.removals
        for row in granted.get((chat_id, person), [])
        if _covers(row, at) and _moment(row["created_at"]) < at - leased
    ]


def _covers(row: dict[str, Any], at: datetime) -> bool:
    ends_at = row["ends_at"]
    return _moment(row["starts_at"]) <= at and (ends_at is None or at < _moment(ends_at))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def assert_sound(world: World, more_rules: Mapping[str, str] | None = None) -> None:
    """Raise AssertionError naming every broken invariant."""
    found = violations(world, more_rules)
    assert not found, "\n".join(found)
