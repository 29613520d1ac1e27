"""What holds after every step of a history, beside tests/invariants.py.

The world's own truth is compared with ours: the chain as it is, whatever our node shows of it, and
the providers' books. Everything is read in one round trip.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shared_lib.domain.money import ETH
from tests.histories.machine import Machine
from tests.invariants import FACTS, RULES, Found, broken, read
from tests.world import World

_TELLS = "SELECT FROM review_items i WHERE i.closed_at IS NULL AND i.subject_id ="
MORE_RULES = {
    "I4 a payment rests in review and nobody is told": f"""
        SELECT p.id FROM payments p WHERE p.status = 'review'
        AND NOT EXISTS ({_TELLS} p.id::text)""",
    "I4 a payout rests in review and nobody is told": f"""
        SELECT o.id FROM payouts o WHERE o.state = 'review' AND NOT EXISTS ({_TELLS} o.id::text)
        AND NOT EXISTS (SELECT FROM transfers t WHERE t.payout_id = o.id
                        AND EXISTS ({_TELLS} t.id::text))
        AND NOT EXISTS (SELECT FROM swaps s WHERE s.payout_id = o.id
                        AND EXISTS ({_TELLS} s.id::text))""",
    "I4 an invite or a request rests in review and nobody is told": f"""
        SELECT id FROM invites WHERE state = 'review' AND NOT EXISTS ({_TELLS} invites.id::text)
        UNION ALL SELECT id FROM join_requests
        WHERE state = 'review' AND NOT EXISTS ({_TELLS} join_requests.id::text)""",
    "a transfer holds a reservation without need, or lacks one": """
        SELECT t.id FROM transfers t LEFT JOIN reservations r ON r.transfer_id = t.id
        WHERE (r.transfer_id IS NOT NULL)
           <> (t.state IN ('authorized', 'signing') AND NOT t.fills_nonce)""",
    "I8 money was reserved or sent that is not there": """
        SELECT amount FROM (SELECT sum(amount) AS amount FROM ledger_entries
                            WHERE account = 'host_wallet') AS wallet
        WHERE amount < (SELECT coalesce(sum(amount), 0) FROM reservations)""",
}
_MORE_FACTS = {
    "flying": """
        SELECT t.amount, t.fills_nonce,
               (SELECT json_agg(json_build_array(a.hash, a.kind)) FROM transfer_attempts a
                WHERE a.transfer_id = t.id) AS attempts
        FROM transfers t WHERE t.state IN ('sent', 'mined')""",
    "owned": """
        SELECT o.channel_id AS channel, sum(p.received - p.fee) AS amount
        FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.received IS NOT NULL AND NOT EXISTS (
            SELECT FROM shares s WHERE s.payment_id = p.id AND s.state = 'reversed'
            AND NOT EXISTS (SELECT FROM payout_shares l WHERE l.share_id = s.id))
        GROUP BY o.channel_id""",
}


_QUERIES = {**RULES, **MORE_RULES, **FACTS, **_MORE_FACTS}
# It moves with every transaction that writes, so that what was read before it moved still holds.
_POSITION = "SELECT pg_current_wal_insert_lsn()::text AS position"


@dataclass
class Checks:
    """All that is checked after a step; `known_bytes` were found in the database before."""

    machine: Machine
    known_bytes: set[str] = field(default_factory=set)
    _position: str = ""
    _found: Found = field(default_factory=dict)

    def after_step(self) -> None:
        """Raise AssertionError naming everything that is broken."""
        world, found = self.machine.world, self._read()
        problems = [
            *broken(world, found, {**RULES, **MORE_RULES}),
            *_wallet(world, found),
            *_nonces(world, found),
            *_overpaid(self.machine, found),
            *self._foreign_bytes(),
        ]
        assert not problems, "\n".join(problems)

    def _read(self) -> Found:
        """What the database says, read again only if anything was written."""
        [row] = self.machine.world.kept_rows(_POSITION)
        if row["position"] != self._position:
            self._position = row["position"]
            self._found = read(self.machine.world, _QUERIES)
        return self._found

    def _foreign_bytes(self) -> list[str]:
        """Only bytes that were stored before are ever handed to the network."""
        fresh = self.machine.world.fake_chain.sent.keys() - self.known_bytes
        if not fresh:
            return []
        listed = ", ".join(f"'{one}'" for one in sorted(fresh))
        rows = self.machine.world.rows(
            f"SELECT hash FROM transfer_attempts WHERE hash IN ({listed})"
        )
        stored = {row["hash"] for row in rows}
        self.known_bytes |= stored
        return [f"I2 bytes {one} were broadcast and never stored" for one in fresh - stored]


def _wallet(world: World, found: Found) -> list[str]:
    """I8, to the wei and at any moment: the wallet's balance is explained by our books.

    It holds what is booked, what arrived and is not booked yet, and what was signed and is not
    mined; it lacks the gas of what is mined and not booked yet.
    """
    held = world.fake_chain.held(world.policy.host_wallet)
    counted = {row["hash"] for row in found["counted"]}
    received = world.fake_chain.received(world.policy.host_wallet)
    expected = sum(int(row["amount"]) for row in found["booked"])
    expected += sum(amount for tx_hash, amount in received.items() if tx_hash not in counted)
    expected += sum(_still_here(world, row) for row in found["flying"])
    return [] if held == expected else [f"I8 the wallet holds {held}, and should hold {expected}"]


def _still_here(world: World, transfer: dict[str, Any]) -> int:
    """What a transfer that is signed has not taken off the wallet yet; gas counts against it."""
    booked_out = 0 if transfer["fills_nonce"] else int(transfer["amount"])
    for tx_hash, _ in transfer["attempts"] or []:
        done = world.fake_chain.executed(tx_hash)
        if done is not None:
            moved = sum(one.amount for one in done.moves if one.to != one.sender)
            return booked_out - moved - done.mined.gas_paid
    return booked_out


def _nonces(world: World, found: Found) -> list[str]:
    """The chain has mined no nonce that we did not give out."""
    mined = world.fake_chain._blocks[-1].accounts.next_nonce(world.policy.host_wallet)
    given = sum(int(row["next_nonce"]) for row in found["nonces"])
    return [] if mined <= given else [f"I2 {mined} nonces are mined, {given} were given out"]


def _overpaid(machine: Machine, found: Found) -> list[str]:
    """I2, by channel and without asking our books: no owner gets more than was earned.

    What stands at a pay-in address counts as paid, unless the provider sent it back.
    """
    owned = {str(row["channel"]): int(row["amount"]) for row in found["owned"]}
    problems = []
    for channel, paid in paid_by_channel(machine).items():
        if paid > owned.get(channel, 0):
            problems.append(f"I2 channel {channel} earned {owned.get(channel, 0)} and got {paid}")
    return problems


def channel_of_address(machine: Machine) -> dict[tuple[str, str | None], str]:
    """Which channel's owner each address with its tag belongs to."""
    return {
        (target.address, target.memo): str(shop.channel_id)
        for shop, targets in zip(machine.shops, machine.targets, strict=True)
        for target in targets
    }


def paid_by_channel(machine: Machine) -> Counter[str]:
    """The wei that left our wallet for each channel's owner, less what came back of it."""
    world, paid = machine.world, Counter[str]()
    owners = channel_of_address(machine)
    for (address, _), channel in owners.items():
        if address.startswith("0x"):
            paid[channel] += world.fake_chain.held(address, ETH)
    for exchange in world.fake_swaps.exchanges.values():
        channel = owners[exchange.order.target.address, exchange.order.target.memo]
        if exchange.status != "refunded":
            paid[channel] += world.fake_chain.held(exchange.payin_address)
    return paid
