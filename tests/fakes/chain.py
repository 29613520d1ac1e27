"""An Ethereum chain in memory, and a signer whose bytes it can read.

`FakeChain` follows geth's rules for one account's nonces, replacements and balances. Blocks come
only when ordered. What goes wrong is ordered too: `down`, `lag`, `hide_next`, `lose_next_answer`,
`refuse_next`, `reorg`, `reverting`, `spend_elsewhere`. All amounts are wei.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from threading import RLock

from shared_lib.adapters.ethereum import checksum_address
from shared_lib.adapters.ethereum_signer import is_possible
from shared_lib.domain.money import ETH, Asset, Money
from shared_lib.domain.transfer import Fees, Mined
from shared_lib.ports import (
    BroadcastResult,
    Incoming,
    PermanentError,
    RetryableError,
    SignedTransfer,
    UnknownOutcomeError,
    UnsignedTransfer,
)

GWEI = 10**9
TRANSFER_GAS = 21_000
GAS_LIMIT = 26_250
BUMP_PERCENT = 110
FAUCET = "0xFace7000000000000000000000000000000000fA"
WALLET = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"


@dataclass(frozen=True)
class FakeTransaction:
    """What the fake's bytes say."""

    sender: str
    chain_id: int
    nonce: int
    to: str
    wei: int
    max_fee: int
    max_priority_fee: int
    gas_limit: int

    @property
    def raw(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @property
    def hash(self) -> str:
        return "0x" + hashlib.sha256(self.raw).hexdigest()

    @property
    def cost(self) -> int:
        """The most that it can take from its sender."""
        return self.wei + self.gas_limit * self.max_fee

    def outbids(self, held: "FakeTransaction") -> bool:
        """Both fees have to rise, each by a tenth rounded down."""
        fees = (
            (self.max_fee, held.max_fee),
            (self.max_priority_fee, held.max_priority_fee),
        )
        return all(new > old and new >= old * BUMP_PERCENT // 100 for new, old in fees)


class FakeSigner:
    """Signs in JSON. `signed` is all that was ever asked of it, in order."""

    def __init__(self, address: str = WALLET, *, chain_id: int = 31_337) -> None:
        self._address = address
        self._chain_id = chain_id
        self.signed: list[UnsignedTransfer] = []

    @property
    def address(self) -> str:
        return self._address

    def sign(self, transfer: UnsignedTransfer) -> SignedTransfer:
        if transfer.chain_id != self._chain_id:
            raise PermanentError(f"refused to sign for chain {transfer.chain_id}")
        if transfer.amount.asset != ETH:
            raise PermanentError(f"refused to sign a transfer of {transfer.amount.asset.id}")
        if not is_possible(transfer):
            raise PermanentError("refused to sign: the transfer's fields cannot be right")
        self.signed.append(transfer)
        transaction = FakeTransaction(
            sender=self._address,
            chain_id=transfer.chain_id,
            nonce=transfer.nonce,
            to=transfer.destination,
            wei=transfer.amount.base_units,
            max_fee=transfer.fees.max_fee,
            max_priority_fee=transfer.fees.max_priority_fee,
            gas_limit=transfer.fees.gas_limit,
        )
        return SignedTransfer(transaction.raw, transaction.hash)


@dataclass(frozen=True)
class Accounts:
    """What a block leaves behind: balances and mined nonces by address. Never changed in place."""

    balances: Mapping[str, int] = field(default_factory=dict)
    nonces: Mapping[str, int] = field(default_factory=dict)

    def after(self, tx: FakeTransaction, gas_paid: int, *, succeeded: bool) -> "Accounts":
        """The accounts once this transaction is mined."""
        balances = dict(self.balances)
        moved = tx.wei if succeeded else 0
        balances[tx.sender] = balances.get(tx.sender, 0) - moved - gas_paid
        balances[tx.to] = balances.get(tx.to, 0) + moved
        return Accounts(balances, {**self.nonces, tx.sender: tx.nonce + 1})


@dataclass(frozen=True)
class Block:
    number: int
    hash: str
    base_fee: int
    accounts: Accounts
    mined: Mapping[str, tuple[FakeTransaction, Mined]] = field(default_factory=dict)


class FakeChain:
    """Set `down`, `lag` (blocks), `base_fee` (of the next block), `tip` and `said_chain_id` freely.

    `sent` counts how often each hash was broadcast, whatever the answer was.
    """

    def __init__(self, *, chain_id: int = 31_337) -> None:
        self.said_chain_id = chain_id
        self.down = False
        self.retry_after_seconds = 0
        self.lag = 0
        self.base_fee = 5 * GWEI
        self.tip = GWEI
        self.reverting: set[str] = set()
        self.sent: dict[str, int] = {}
        self._chain_id = chain_id
        self._hide = 0
        self._lost: list[bool] = []
        self._refused: list[BroadcastResult] = []
        self._hidden: list[FakeTransaction] = []
        self._pool: dict[tuple[str, int], FakeTransaction] = {}
        self._made = 0
        self._lock = RLock()
        self._blocks = [self._block(0, Accounts({FAUCET: 10**30}))]

    # ---- the port ----

    def checksum_address(self, text: str) -> str:
        return checksum_address(text)

    def chain_id(self) -> int:
        self._ask()
        return self.said_chain_id

    def head(self) -> int:
        return self._seen().number

    def mined_nonce(self, address: str, *, depth: int = 0) -> int:
        number = max(0, self._seen().number - depth)
        return self._blocks[number].accounts.nonces.get(address, 0)

    def fees_for(self, sender: str, destination: str, amount: Money) -> Fees:
        _require_eth(amount.asset)
        seen = self._seen()
        if destination in self.reverting:
            raise PermanentError("the node says that the transfer would fail")
        if seen.accounts.balances.get(sender, 0) < amount.base_units:
            raise RetryableError("insufficient funds")
        return Fees(2 * seen.base_fee + self.tip, self.tip, GAS_LIMIT)

    def broadcast(self, raw: bytes) -> BroadcastResult:
        with self._lock:
            if self.down:
                raise UnknownOutcomeError("the node does not answer")
            tx = FakeTransaction(**json.loads(raw))
            self.sent[tx.hash] = self.sent.get(tx.hash, 0) + 1
            if self._refused:
                return self._refused.pop(0)
            if self._lost:
                if self._lost.pop(0):
                    self._take(tx)
                raise UnknownOutcomeError("the connection broke")
            return self._take(tx)

    def knows(self, tx_hash: str) -> bool:
        return self._found(tx_hash) is not None or any(
            tx.hash == tx_hash for tx in self._pool.values()
        )

    def mined(self, tx_hash: str) -> Mined | None:
        found = self._found(tx_hash)
        return found[1] if found else None

    def is_canonical(self, block: int, block_hash: str) -> bool:
        if block > self._seen().number:
            raise RetryableError(f"the node has no block {block} yet")
        return self._blocks[block].hash == block_hash

    def incoming(self, tx_hash: str, recipient: str, asset: Asset) -> Incoming | None:
        _require_eth(asset)
        found = self._found(tx_hash)
        if found is None:
            return None
        tx, mined = found
        paid = mined.succeeded and tx.to.lower() == recipient.lower()
        confirmations = self._seen().number - mined.block + 1
        amount = Money(tx.wei if paid else 0, ETH)
        return Incoming(amount, mined.block, confirmations, mined.succeeded)

    def balance(self, address: str) -> Money:
        return Money(self._seen().accounts.balances.get(address, 0), ETH)

    # ---- what a test orders ----

    def mine(self, blocks: int = 1) -> None:
        """Add blocks; the first takes all of the pool that is next in line and dear enough."""
        with self._lock:
            for _ in range(blocks):
                self._blocks.append(self._next_block())

    def pay(self, to: str, wei: int) -> str:
        """A stranger's transfer, in the next block; answers its hash."""
        with self._lock:
            nonce = self._blocks[-1].accounts.nonces.get(FAUCET, 0)
            while (FAUCET, nonce) in self._pool:
                nonce += 1
            return self._put(self._dear(FAUCET, nonce, to, wei))

    def spend_elsewhere(self, sender: str, nonce: int) -> str:
        """A transaction of `sender` that we never made takes this nonce; answers its hash."""
        with self._lock:
            return self._put(self._dear(sender, nonce, FAUCET, 1))

    def hide_next(self, times: int = 1) -> None:
        """Accept the next ones, and let nobody see them until `release`."""
        self._hide = times

    def release(self) -> None:
        """Let the hidden ones into the pool, but for those whose nonce is used by now."""
        hidden, self._hidden = self._hidden, []
        for tx in hidden:
            self._take(tx)

    def lose_next_answer(self, *, arrives: bool = True) -> None:
        """Break the next broadcast's connection, after it has taken effect or before."""
        self._lost.append(arrives)

    def refuse_next(self, result: BroadcastResult = BroadcastResult.REFUSED) -> None:
        """Answer the next broadcast with this, and do nothing."""
        self._refused.append(result)

    def reorg(self, depth: int, *, drop: bool = False) -> list[str]:
        """Replace the last blocks by empty ones; answers the hashes that were in them.

        They wait in the pool again; with `drop` nobody has them any more.
        """
        with self._lock:
            removed, self._blocks = self._blocks[-depth:], self._blocks[:-depth]
            gone = [tx for block in removed for tx, _ in block.mined.values()]
            for block in removed:
                self._blocks.append(self._block(block.number, self._blocks[-1].accounts))
            for tx in () if drop else gone:
                self._pool.setdefault((tx.sender, tx.nonce), tx)
            return [tx.hash for tx in gone]

    def forget(self, tx_hash: str) -> None:
        """Every pool loses a transaction, as nodes do with old ones."""
        with self._lock:
            self._pool = {key: tx for key, tx in self._pool.items() if tx.hash != tx_hash}

    # ---- inside ----

    def _ask(self) -> None:
        if self.down:
            raise RetryableError("the node does not answer", self.retry_after_seconds)

    def _seen(self) -> Block:
        """The newest block, as a node sees it that may be behind."""
        self._ask()
        return self._blocks[max(0, len(self._blocks) - 1 - self.lag)]

    def _found(self, tx_hash: str) -> tuple[FakeTransaction, Mined] | None:
        visible = self._blocks[: self._seen().number + 1]
        found = (block.mined[tx_hash] for block in reversed(visible) if tx_hash in block.mined)
        return next(found, None)

    def _take(self, tx: FakeTransaction) -> BroadcastResult:
        refusal = self._refusal(tx)
        if refusal is not None:
            return refusal
        if self._hide:
            self._hide -= 1
            self._hidden.append(tx)
        else:
            self._put(tx)
        return BroadcastResult.ACCEPTED

    def _refusal(self, tx: FakeTransaction) -> BroadcastResult | None:
        accounts = self._blocks[-1].accounts
        held = self._pool.get((tx.sender, tx.nonce))
        if held is not None and held.hash == tx.hash:
            return BroadcastResult.ALREADY_KNOWN
        if tx.nonce < accounts.nonces.get(tx.sender, 0):
            return BroadcastResult.NONCE_USED
        wrong = (
            tx.chain_id != self._chain_id,
            tx.max_priority_fee > tx.max_fee,
            tx.gas_limit < TRANSFER_GAS,
            held is not None and not tx.outbids(held),
            self._cost_waiting(tx) + tx.cost > accounts.balances.get(tx.sender, 0),
        )
        return BroadcastResult.REFUSED if any(wrong) else None

    def _cost_waiting(self, tx: FakeTransaction) -> int:
        """What the sender's other transactions in the pool may cost."""
        waiting = (one for (sender, _), one in self._pool.items() if sender == tx.sender)
        return sum(one.cost for one in waiting if one.nonce != tx.nonce)

    def _put(self, tx: FakeTransaction) -> str:
        self._pool[tx.sender, tx.nonce] = tx
        self._hidden = [one for one in self._hidden if one.hash != tx.hash]
        return tx.hash

    def _dear(self, sender: str, nonce: int, to: str, wei: int) -> FakeTransaction:
        fee = 1_000 * self.base_fee
        return FakeTransaction(sender, self._chain_id, nonce, to, wei, fee, self.tip, TRANSFER_GAS)

    def _block(self, number: int, accounts: Accounts) -> Block:
        # Two blocks of one height differ, as on a real chain.
        self._made += 1
        block_hash = hashlib.sha256(f"block {self._made}".encode()).hexdigest()
        return Block(number, f"0x{block_hash}", self.base_fee, accounts)

    def _next_block(self) -> Block:
        empty = self._block(len(self._blocks), self._blocks[-1].accounts)
        accounts = empty.accounts
        mined: dict[str, tuple[FakeTransaction, Mined]] = {}
        for key, tx in sorted(self._pool.items()):
            gas_price = min(tx.max_fee, empty.base_fee + tx.max_priority_fee)
            if accounts.nonces.get(tx.sender, 0) > tx.nonce:
                del self._pool[key]
            elif accounts.nonces.get(tx.sender, 0) == tx.nonce and tx.max_fee >= empty.base_fee:
                succeeded = tx.to not in self.reverting
                gas_paid = TRANSFER_GAS * gas_price
                accounts = accounts.after(tx, gas_paid, succeeded=succeeded)
                receipt = Mined(tx.hash, empty.number, empty.hash, gas_paid, succeeded)
                mined[tx.hash] = (tx, receipt)
                del self._pool[key]
        return Block(empty.number, empty.hash, empty.base_fee, accounts, mined)


def _require_eth(asset: Asset) -> None:
    if asset != ETH:
        raise PermanentError(f"{asset.id} is not handled on this chain")
