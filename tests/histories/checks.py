"""What holds after every step of a history, beside tests/invariants.py.

The world's own truth is compared with ours: the chain as it is, whatever our node shows of it, and
the providers' books. Everything is read in one round trip.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shared_lib.domain.money import ETH, USDT, Asset
from tests.fakes.swaps import FakeExchange
from tests.histories.machine import Machine
from tests.histories.outside import is_refunded
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
        SELECT asset, amount FROM (SELECT asset, sum(amount) AS amount FROM ledger_entries
                                   WHERE account = 'host_wallet' GROUP BY asset) AS wallet
        WHERE amount < (SELECT coalesce(sum(r.amount), 0) FROM reservations r
                        WHERE r.asset = wallet.asset)""",
}
_MORE_FACTS = {
    "flying": """
        SELECT t.asset, t.amount, t.fills_nonce,
               (SELECT json_agg(json_build_array(a.hash, a.kind)) FROM transfer_attempts a
                WHERE a.transfer_id = t.id) AS attempts
        FROM transfers t WHERE t.state IN ('sent', 'mined')""",
    "sends": """
        SELECT a.hash, t.destination, s.exchange_id, c.payout_memo AS memo,
               coalesce(c.payout_address, t.wallet_address) AS address
        FROM transfer_attempts a JOIN transfers t ON t.id = a.transfer_id
        JOIN payouts o ON o.id = t.payout_id LEFT JOIN channels c ON c.id = o.channel_id
        LEFT JOIN swaps s ON s.id = t.swap_id WHERE a.kind = 'send'""",
    "owned": """
        SELECT o.channel_id AS channel, sum(p.received - p.fee) AS amount
        FROM payments p JOIN orders o ON o.id = p.order_id
        WHERE p.received IS NOT NULL AND NOT EXISTS (
            SELECT FROM shares s WHERE s.payment_id = p.id AND s.state = 'reversed'
            AND NOT EXISTS (SELECT FROM payout_shares l WHERE l.share_id = s.id))
        GROUP BY o.channel_id""",
    "parts": """
        SELECT s.channel_id AS channel, sum(l.part) AS amount
        FROM payout_shares l JOIN shares s ON s.id = l.share_id
        WHERE l.part IS NOT NULL GROUP BY s.channel_id""",
}


_QUERIES = {**RULES, **MORE_RULES, **FACTS, **_MORE_FACTS}
# It moves with every transaction that writes, so that what was read before it moved still holds.
_POSITION = "SELECT pg_current_wal_insert_lsn()::text AS position"


@dataclass
class Checks:
    """All that is checked after a step.

    `known_bytes` were found in the database before, `known_sends` were judged before.
    """

    machine: Machine
    known_bytes: set[str] = field(default_factory=set)
    known_sends: set[str] = field(default_factory=set)
    was_stopped: bool = False
    _position: str = ""
    _found: Found = field(default_factory=dict)

    def after_step(self) -> None:
        """Raise AssertionError naming everything that is broken."""
        world, found = self.machine.world, self._read()
        problems = [
            *_explained(self.machine, broken(world, found, {**RULES, **MORE_RULES})),
            *_wallet(self.machine, found),
            *_nonces(self.machine, found),
            *_overpaid(self.machine, found),
            *self._foreign_bytes(),
            *self._fresh_sends(found),
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

    def _fresh_sends(self, found: Found) -> list[str]:
        """Nothing is signed while that is forbidden, nor for an address that its owner has left."""
        fresh = [row for row in found["sends"] if row["hash"] not in self.known_sends]
        self.known_sends |= {row["hash"] for row in fresh}
        is_forbidden, self.was_stopped = self.was_stopped, self.machine.is_stopped
        left = [row for row in fresh if _payee(self.machine, row) != (row["address"], row["memo"])]
        return [
            *(f"I2 {row['hash']} pays an address that its owner has left" for row in left),
            *(
                f"{row['hash']} was signed in spite of the kill switch"
                for row in fresh
                if is_forbidden
            ),
        ]


def _payee(machine: Machine, send: dict[str, Any]) -> tuple[str, str | None]:
    """Who gets the money in the end, as the chain or the swap provider knows it."""
    if send["exchange_id"] is None:
        return send["destination"], None
    target = machine.world.fake_swaps.exchanges[send["exchange_id"]].order.target
    return target.address, target.memo


def _explained(machine: Machine, problems: list[str]) -> list[str]:
    """Without what a thief did: `_wallet` takes that into account."""
    return [one for one in problems if not (machine.foreign and one.startswith("I8 the wallet"))]


def _wallet(machine: Machine, found: Found) -> list[str]:
    """I8, to the unit, in each coin, at any moment: the balance is explained by our books.

    It holds what is booked, what arrived and is not booked yet, and what was signed and is not
    mined; of ETH it lacks the gas of what is mined and not booked yet.
    """
    return [problem for coin in (ETH, USDT) for problem in _coins(machine, found, coin)]


def _coins(machine: Machine, found: Found, coin: Asset) -> list[str]:
    world, wallet = machine.world, machine.world.policy.host_wallet
    held = world.fake_chain.held(wallet, coin)
    counted = {row["hash"] for row in found["counted"]}
    received = world.fake_chain.received(wallet, coin)
    expected = sum(int(row["amount"]) for row in found["booked"] if row["asset"] == coin.id)
    expected += sum(amount for tx_hash, amount in received.items() if tx_hash not in counted)
    expected += sum(_still_here(world, row, coin) for row in found["flying"])
    expected -= sum(_taken(world, one, coin) for one in machine.foreign)
    if held == expected:
        return []
    return [f"I8 the wallet holds {held} {coin.ticker}, and should hold {expected}"]


def _still_here(world: World, transfer: dict[str, Any], coin: Asset) -> int:
    """What a transfer that is signed has not taken off the wallet yet; gas counts against it."""
    is_booked_out = transfer["asset"] == coin.id and not transfer["fills_nonce"]
    booked_out = int(transfer["amount"]) if is_booked_out else 0
    attempts = transfer["attempts"] or []
    return booked_out - sum(_taken(world, tx_hash, coin) for tx_hash, _ in attempts)


def _taken(world: World, tx_hash: str, coin: Asset) -> int:
    """What a transaction of our wallet took off it, if it is mined."""
    done = world.fake_chain.executed(tx_hash)
    if done is None:
        return 0
    contract = world.fake_chain._contracts.of(coin)
    moved = sum(
        one.amount for one in done.moves if one.contract == contract and one.to != one.sender
    )
    return moved + (done.mined.gas_paid if coin == ETH else 0)


def _nonces(machine: Machine, found: Found) -> list[str]:
    """The chain has mined no nonce that we did not give out, but for a thief's."""
    world = machine.world
    mined = world.fake_chain._blocks[-1].accounts.next_nonce(world.policy.host_wallet)
    given = sum(int(row["next_nonce"]) for row in found["nonces"])
    stolen = len(machine.foreign)
    return (
        [] if mined <= given + stolen else [f"I2 {mined} nonces are mined, {given} were given out"]
    )


def _overpaid(machine: Machine, found: Found) -> list[str]:
    """I2, by channel and without asking our books: no owner gets more than was earned.

    What stands at a pay-in address counts as paid, unless the provider sent it back. Of what is
    held an owner has earned the parts of what conversions brought.
    """
    problems = []
    for coin, earned in ((ETH, "owned"), (USDT, "parts")):
        owned = {str(row["channel"]): int(row["amount"]) for row in found[earned]}
        for channel, paid in paid_by_channel(machine, coin).items():
            if paid > owned.get(channel, 0):
                had = f"{owned.get(channel, 0)} {coin.ticker}"
                problems.append(f"I2 channel {channel} earned {had} and got {paid}")
    return problems


def channel_of_address(machine: Machine) -> dict[tuple[str, str | None], str]:
    """Which channel's owner each address with its tag belongs to."""
    return {
        (target.address, target.memo): str(shop.channel_id)
        for shop, targets in zip(machine.shops, machine.targets, strict=True)
        for target in targets
    }


def payee_of(exchange: FakeExchange) -> tuple[str, str | None]:
    """Whom an exchange pays: address and tag."""
    return exchange.order.target.address, exchange.order.target.memo


def paid_by_channel(machine: Machine, coin: Asset) -> Counter[str]:
    """What left our wallet in a coin for each channel's owner, less what came back of it."""
    world, paid = machine.world, Counter[str]()
    owners = channel_of_address(machine)
    for (address, _), channel in owners.items():
        if address.startswith("0x"):
            paid[channel] += world.fake_chain.held(address, coin)
    for exchange in world.fake_swaps.exchanges.values():
        owner = owners.get(payee_of(exchange))
        if owner and exchange.sold.asset == coin and not is_refunded(machine, exchange):
            paid[owner] += world.fake_chain.held(exchange.payin_address, coin)
    return paid
