"""An Ethereum chain in memory, and a signer whose bytes it can read.

`FakeChain` follows geth's rules for one account's nonces, replacements and balances. Blocks come
only when ordered. What goes wrong is ordered too: `down`, `lag`, `hide_next`, `lose_next_answer`,
`refuse_next`, `reorg`, `reverting`, `silent_tokens`, `token_fee_bps`, `prefer`, `spend_elsewhere`.
Fees are wei, and amounts are base units of their asset.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from threading import RLock
from types import MappingProxyType

from shared_lib.adapters.ethereum_address import checksum_address
from shared_lib.adapters.ethereum_signer import require_signable
from shared_lib.adapters.ethereum_tokens import Contracts
from shared_lib.domain.money import BASIS_POINTS, ETH, USDT, Asset, Money
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
TOKEN_GAS = 60_000
TOKEN_GAS_LIMIT = 92_100
BUMP_PERCENT = 110
FAUCET = "0xFace7000000000000000000000000000000000fA"
WALLET = "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
USDT_CONTRACT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
TOKENS: Mapping[str, str] = MappingProxyType({USDT.id: USDT_CONTRACT})


@dataclass(frozen=True)
class FakeTransaction:
    """What the fake's bytes say. `contract` is None for ETH; `to` is who receives the amount."""

    sender: str
    chain_id: int
    nonce: int
    to: str
    amount: int
    max_fee: int
    max_priority_fee: int
    gas_limit: int
    contract: str | None = None

    @property
    def raw(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @property
    def hash(self) -> str:
        return "0x" + hashlib.sha256(self.raw).hexdigest()

    @property
    def wei(self) -> int:
        """The ETH that it moves."""
        return self.amount if self.contract is None else 0

    @property
    def gas(self) -> int:
        """What it takes where nothing goes wrong."""
        return TRANSFER_GAS if self.contract is None else TOKEN_GAS

    @property
    def cost(self) -> int:
        """The most ETH that it can take from its sender."""
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

    def __init__(
        self, address: str = WALLET, *, chain_id: int = 31_337, tokens: Mapping[str, str] = TOKENS
    ) -> None:
        self._address = address
        self._chain_id = chain_id
        self._contracts = Contracts(tokens)
        self.signed: list[UnsignedTransfer] = []

    @property
    def address(self) -> str:
        return self._address

    def sign(self, transfer: UnsignedTransfer) -> SignedTransfer:
        require_signable(transfer, self._chain_id, self._contracts)
        self.signed.append(transfer)
        transaction = FakeTransaction(
            sender=self._address,
            chain_id=transfer.chain_id,
            nonce=transfer.nonce,
            to=transfer.destination,
            amount=transfer.amount.base_units,
            max_fee=transfer.fees.max_fee,
            max_priority_fee=transfer.fees.max_priority_fee,
            gas_limit=transfer.fees.gas_limit,
            contract=self._contracts.of(transfer.amount.asset),
        )
        return SignedTransfer(transaction.raw, transaction.hash)


@dataclass(frozen=True)
class Move:
    """Base units that went from one to another: of ETH, or of a contract's token."""

    contract: str | None
    sender: str
    to: str
    amount: int


@dataclass(frozen=True)
class Accounts:
    """What a block leaves behind: balances and mined nonces. Never changed in place.

    Balances are by contract, which ETH has none of, and address in lower case.
    """

    balances: Mapping[tuple[str | None, str], int] = field(default_factory=dict)
    nonces: Mapping[str, int] = field(default_factory=dict)

    def held(self, address: str, contract: str | None = None) -> int:
        """What an address has of ETH, or of a contract's token."""
        return self.balances.get((contract, address.lower()), 0)

    def next_nonce(self, address: str) -> int:
        """How many transactions of an address are mined."""
        return self.nonces.get(address.lower(), 0)

    def after(self, tx: FakeTransaction, gas_paid: int, moves: tuple[Move, ...]) -> "Accounts":
        """The accounts once this transaction is mined."""
        balances = Counter(self.balances)
        balances[None, tx.sender.lower()] -= gas_paid
        for move in moves:
            balances[move.contract, move.sender.lower()] -= move.amount
            balances[move.contract, move.to.lower()] += move.amount
        return Accounts(balances, {**self.nonces, tx.sender.lower(): tx.nonce + 1})


@dataclass(frozen=True)
class Execution:
    """A mined transaction, and what it moved; a token's moves are its Transfer logs."""

    tx: FakeTransaction
    mined: Mined
    moves: tuple[Move, ...]

    def moved(self, contract: str | None, to: str, sender: str | None = None) -> list[int]:
        """The amounts that went to an address, from anybody or from `sender`."""
        by = sender.lower() if sender else None
        return [
            move.amount
            for move in self.moves
            if (move.contract, move.to.lower()) == (contract, to.lower())
            and by in (None, move.sender.lower())
        ]


@dataclass(frozen=True)
class Block:
    number: int
    hash: str
    base_fee: int
    accounts: Accounts
    mined: Mapping[str, Execution] = field(default_factory=dict)


class FakeChain:
    """Set `down`, `lag` (blocks), `base_fee` (of the next block), `tip` and `said_chain_id` freely.

    `sent` counts how often each hash was broadcast, whatever the answer was. Transfers to an
    address in `reverting` fail, and so do those of a token whose contract is in it. A token whose
    asset id is in `silent_tokens` succeeds without moving anything; `token_fee_bps` is what a
    token's contract keeps, by asset id.
    """

    def __init__(self, *, chain_id: int = 31_337, tokens: Mapping[str, str] = TOKENS) -> None:
        self.said_chain_id = chain_id
        self.down = False
        self.retry_after_seconds = 0
        self.lag = 0
        self.base_fee = 5 * GWEI
        self.tip = GWEI
        self.reverting: set[str] = set()
        self.silent_tokens: set[str] = set()
        self.token_fee_bps: dict[str, int] = {}
        self.sent: dict[str, int] = {}
        self._chain_id = chain_id
        self._contracts = Contracts(tokens)
        self._asset_ids = {str(checksum_address(at)): name for name, at in tokens.items()}
        self._hide = 0
        self._lost: list[bool] = []
        self._refused: list[BroadcastResult] = []
        self._hidden: list[FakeTransaction] = []
        self._pool: dict[tuple[str, int], FakeTransaction] = {}
        self._ever_seen: dict[str, FakeTransaction] = {}
        self._preferred: list[str] = []
        self._made = 0
        self._lock = RLock()
        contracts: tuple[str | None, ...] = (None, *self._asset_ids)
        rich = {(contract, FAUCET.lower()): 10**30 for contract in contracts}
        self._blocks = [self._block(0, Accounts(rich))]

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
        return self._blocks[number].accounts.next_nonce(address)

    def fees_for(self, sender: str, destination: str, amount: Money) -> Fees:
        contract = self._contracts.of(amount.asset)
        seen = self._seen()
        if seen.accounts.held(sender, contract) < amount.base_units:
            raise RetryableError("insufficient funds")
        if {destination, contract} & self.reverting:
            raise PermanentError("the node says that the transfer would fail")
        gas_limit = GAS_LIMIT if contract is None else TOKEN_GAS_LIMIT
        return Fees(2 * seen.base_fee + self.tip, self.tip, gas_limit)

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
        return found.mined if found else None

    def is_canonical(self, block: int, block_hash: str) -> bool:
        if block > self._seen().number:
            raise RetryableError(f"the node has no block {block} yet")
        return self._blocks[block].hash == block_hash

    def incoming(self, tx_hash: str, recipient: str, asset: Asset) -> Incoming | None:
        contract = self._contracts.of(asset)
        found = self._found(tx_hash)
        if found is None:
            return None
        mined = found.mined
        confirmations = self._seen().number - mined.block + 1
        amount = Money(sum(found.moved(contract, recipient)), asset)
        return Incoming(amount, mined.block, confirmations, mined.succeeded)

    def moved(self, tx_hash: str, sender: str, recipient: str, amount: Money) -> bool:
        contract = self._contracts.of(amount.asset)
        found = self._found(tx_hash)
        amounts = found.moved(contract, recipient, sender) if found else []
        return bool(amounts) and sum(amounts) == amount.base_units

    def balance(self, address: str, asset: Asset = ETH) -> Money:
        contract = self._contracts.of(asset)
        return Money(self._seen().accounts.held(address, contract), asset)

    # ---- what is true, whatever the node lets be seen ----

    def held(self, address: str, asset: Asset = ETH) -> int:
        """What an address has at the newest block, in base units."""
        return self._blocks[-1].accounts.held(address, self._contracts.of(asset))

    def executed(self, tx_hash: str) -> Execution | None:
        """What a transaction did, if it is in a block."""
        found = (block.mined[tx_hash] for block in self._blocks if tx_hash in block.mined)
        return next(found, None)

    def received(self, address: str, asset: Asset = ETH) -> dict[str, int]:
        """What others sent to an address, in base units, by hash of the mined transaction."""
        contract = self._contracts.of(asset)
        mined = (one for block in self._blocks if block.mined for one in block.mined.values())
        return {
            one.tx.hash: sum(amounts)
            for one in mined
            if one.tx.sender.lower() != address.lower()
            and (amounts := one.moved(contract, address))
        }

    # ---- what a test orders ----

    def mine(self, blocks: int = 1) -> None:
        """Add blocks; the first takes all of the pool that is next in line and dear enough."""
        with self._lock:
            for _ in range(blocks):
                self._blocks.append(self._next_block())

    def pay(self, to: str, base_units: int, asset: Asset = ETH) -> str:
        """A stranger's transfer, in the next block; answers its hash."""
        with self._lock:
            nonce = self._blocks[-1].accounts.next_nonce(FAUCET)
            while (FAUCET, nonce) in self._pool:
                nonce += 1
            return self._put(self._dear(FAUCET, nonce, to, Money(base_units, asset)))

    def spend_elsewhere(self, sender: str, nonce: int) -> str:
        """A transaction of `sender` that we never made takes this nonce; answers its hash."""
        with self._lock:
            return self._put(self._dear(sender, nonce, FAUCET, Money(1, ETH)))

    def prefer(self, tx_hash: str) -> None:
        """The next block has this transaction where the pool has another one of its nonce.

        So a race between a transfer and its replacement ends as the test wants. The block's rules
        stay: it must be next in line, and dear enough. Raises LookupError for a hash that no node
        was ever given.
        """
        with self._lock:
            if tx_hash not in self._ever_seen:
                raise LookupError(f"no node has seen {tx_hash}")
            self._preferred.append(tx_hash)

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
            gone = [one.tx for block in removed for one in block.mined.values()]
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

    def _found(self, tx_hash: str) -> Execution | None:
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
            self._ever_seen[tx.hash] = tx
        else:
            self._put(tx)
        return BroadcastResult.ACCEPTED

    def _refusal(self, tx: FakeTransaction) -> BroadcastResult | None:
        accounts = self._blocks[-1].accounts
        held = self._pool.get((tx.sender, tx.nonce))
        if held is not None and held.hash == tx.hash:
            return BroadcastResult.ALREADY_KNOWN
        if tx.nonce < accounts.next_nonce(tx.sender):
            return BroadcastResult.NONCE_USED
        wrong = (
            tx.chain_id != self._chain_id,
            tx.max_priority_fee > tx.max_fee,
            tx.gas_limit < TRANSFER_GAS,
            held is not None and not tx.outbids(held),
            self._cost_waiting(tx) + tx.cost > accounts.held(tx.sender),
        )
        return BroadcastResult.REFUSED if any(wrong) else None

    def _cost_waiting(self, tx: FakeTransaction) -> int:
        """What the sender's other transactions in the pool may cost."""
        waiting = (one for (sender, _), one in self._pool.items() if sender == tx.sender)
        return sum(one.cost for one in waiting if one.nonce != tx.nonce)

    def _put(self, tx: FakeTransaction) -> str:
        self._pool[tx.sender, tx.nonce] = tx
        self._ever_seen[tx.hash] = tx
        self._hidden = [one for one in self._hidden if one.hash != tx.hash]
        return tx.hash

    def _dear(self, sender: str, nonce: int, to: str, amount: Money) -> FakeTransaction:
        return FakeTransaction(
            sender=sender,
            chain_id=self._chain_id,
            nonce=nonce,
            to=to,
            amount=amount.base_units,
            max_fee=1_000 * self.base_fee,
            max_priority_fee=self.tip,
            gas_limit=TRANSFER_GAS if amount.asset == ETH else TOKEN_GAS,
            contract=self._contracts.of(amount.asset),
        )

    def _block(self, number: int, accounts: Accounts) -> Block:
        # Two blocks of one height differ, as on a real chain.
        self._made += 1
        block_hash = hashlib.sha256(f"block {self._made}".encode()).hexdigest()
        return Block(number, f"0x{block_hash}", self.base_fee, accounts)

    def _next_block(self) -> Block:
        empty = self._block(len(self._blocks), self._blocks[-1].accounts)
        accounts, mined = empty.accounts, dict[str, Execution]()
        self._put_preferred()
        for key, tx in sorted(self._pool.items()):
            if accounts.next_nonce(tx.sender) > tx.nonce:
                del self._pool[key]
            elif accounts.next_nonce(tx.sender) == tx.nonce and tx.max_fee >= empty.base_fee:
                done = mined[tx.hash] = self._executed(tx, empty, accounts)
                accounts = accounts.after(tx, done.mined.gas_paid, done.moves)
                del self._pool[key]
        return Block(empty.number, empty.hash, empty.base_fee, accounts, mined)

    def _put_preferred(self) -> None:
        for tx in (self._ever_seen[tx_hash] for tx_hash in self._preferred):
            self._put(tx)
        self._preferred.clear()

    def _executed(self, tx: FakeTransaction, block: Block, accounts: Accounts) -> Execution:
        gas_price = min(tx.max_fee, block.base_fee + tx.max_priority_fee)
        # Of ETH there is enough, which the pool made sure of; a token's contract looks for itself.
        is_held = tx.contract is None or tx.amount <= accounts.held(tx.sender, tx.contract)
        is_refused = bool({tx.to, tx.contract} & self.reverting)
        succeeded = tx.gas <= tx.gas_limit and is_held and not is_refused
        gas_paid = min(tx.gas, tx.gas_limit) * gas_price
        receipt = Mined(tx.hash, block.number, block.hash, gas_paid, succeeded)
        return Execution(tx, receipt, self._moves(tx) if succeeded else ())

    def _moves(self, tx: FakeTransaction) -> tuple[Move, ...]:
        """What a transaction that succeeds moves, and with a token, says that it moved."""
        asset_id = ETH.id if tx.contract is None else self._asset_ids.get(tx.contract)
        # A contract that nobody knows does nothing here, as an address without code does.
        if asset_id is None or asset_id in self.silent_tokens:
            return ()
        fee = tx.amount * self.token_fee_bps.get(asset_id, 0) // BASIS_POINTS
        paid = Move(tx.contract, tx.sender, tx.to, tx.amount - fee)
        return (paid, Move(tx.contract, tx.sender, FAUCET, fee)) if fee else (paid,)
