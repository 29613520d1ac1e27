"""A fake chain and a local node behind the adapter, ordered about in the same words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import requests
from eth_account import Account

from shared_lib.adapters.ethereum import EthereumChain
from shared_lib.adapters.ethereum_signer import LocalSigner
from shared_lib.domain.money import ETH, USDT, Asset, Money
from shared_lib.domain.transfer import Fees
from shared_lib.ports import Chain, SignedTransfer, Signer, UnsignedTransfer
from tests.fakes.chain import FakeChain, FakeSigner
from tests.sandbox.ethereum.launcher import EthereumServer, running_ethereum

CHAIN_ID = 31_337
GWEI = 10**9
ETHER = 10**18
BASE_FEE = 5 * GWEI
RECIPIENT = "0x" + "22" * 20
STRANGER = "0x" + "33" * 20
BROKEN = "0x" + "44" * 20
RICH_WEI = 10 * ETHER
# By the book, where USDT is not: 18 decimals, and its `transfer` returns that it succeeded.
SHIB = Asset("shib", "eth", 18)
TOKENS: Mapping[str, str] = MappingProxyType(
    {
        USDT.id: "0xdAC17F958D2ee523a2206206994597C13D831ec7",
        SHIB.id: "0x95aD61b0a150d79219dCF64E1E6Cc01f0B64C4cE",
    }
)
ONE_ETHER = Money(ETHER, ETH)
FEES = Fees(max_fee=100 * GWEI, max_priority_fee=10 * GWEI, gas_limit=50_000)
UNKNOWN_HASH = "0x" + "ab" * 32


class World(Protocol):
    """A chain whose blocks and faults a test orders; the signer's wallet holds RICH_WEI."""

    @property
    def chain(self) -> Chain: ...
    @property
    def signer(self) -> Signer: ...
    def mine(self, blocks: int = 1) -> None: ...
    def pay(self, to: str, base_units: int, asset: Asset = ETH) -> str: ...
    def spend_elsewhere(self, nonce: int) -> str: ...
    def prefer(self, tx_hash: str) -> None: ...
    def hide_next(self) -> None: ...
    def release(self) -> None: ...
    def lose_next_answer(self, *, arrives: bool) -> None: ...
    def reorg(self, depth: int, *, drop: bool) -> None: ...
    def lag(self, blocks: int) -> None: ...
    def break_recipient(self, address: str) -> None: ...
    def pause(self, token: Asset) -> None: ...
    def silence(self, token: Asset) -> None: ...
    def blacklist(self, token: Asset, address: str) -> None: ...
    def charge(self, token: Asset, fee_bps: int) -> None: ...
    def say_chain_id(self, chain_id: int) -> None: ...
    def set_base_fee(self, wei: int) -> None: ...
    def go_down(self, retry_after_seconds: int) -> None: ...


class FakeWorld:
    def __init__(self) -> None:
        self.chain = FakeChain(chain_id=CHAIN_ID, tokens=TOKENS)
        self.signer = FakeSigner(chain_id=CHAIN_ID, tokens=TOKENS)
        self.chain.pay(self.signer.address, RICH_WEI)
        self.mine()

    def mine(self, blocks: int = 1) -> None:
        self.chain.mine(blocks)

    def pay(self, to: str, base_units: int, asset: Asset = ETH) -> str:
        return self.chain.pay(to, base_units, asset)

    def spend_elsewhere(self, nonce: int) -> str:
        return self.chain.spend_elsewhere(self.signer.address, nonce)

    def prefer(self, tx_hash: str) -> None:
        self.chain.prefer(tx_hash)

    def hide_next(self) -> None:
        self.chain.hide_next()

    def release(self) -> None:
        self.chain.release()

    def lose_next_answer(self, *, arrives: bool) -> None:
        self.chain.lose_next_answer(arrives=arrives)

    def reorg(self, depth: int, *, drop: bool) -> None:
        self.chain.reorg(depth, drop=drop)

    def lag(self, blocks: int) -> None:
        self.chain.lag = blocks

    def break_recipient(self, address: str) -> None:
        self.chain.reverting.add(address)

    def pause(self, token: Asset) -> None:
        self.chain.reverting.add(TOKENS[token.id])

    def silence(self, token: Asset) -> None:
        self.chain.silent_tokens.add(token.id)

    def blacklist(self, token: Asset, address: str) -> None:
        # The fake knows no difference between one token's refusal and any other.
        assert token.id in TOKENS
        self.chain.reverting.add(address)

    def charge(self, token: Asset, fee_bps: int) -> None:
        self.chain.token_fee_bps[token.id] = fee_bps

    def say_chain_id(self, chain_id: int) -> None:
        self.chain.said_chain_id = chain_id

    def set_base_fee(self, wei: int) -> None:
        self.chain.base_fee = wei

    def go_down(self, retry_after_seconds: int) -> None:
        self.chain.down = True
        self.chain.retry_after_seconds = retry_after_seconds


class NodeWorld:
    """The adapter in front of a local node; a new wallet for each test."""

    def __init__(self, server: EthereumServer) -> None:
        self._server = server
        self._key = Account.create().key.to_0x_hex()
        self.chain = EthereumChain(server.url, call_seconds=5, tokens=TOKENS)
        self.signer = LocalSigner(self._key, chain_id=CHAIN_ID, tokens=TOKENS)
        self.set_base_fee(BASE_FEE)
        self.pay(self.signer.address, RICH_WEI)
        self.mine()

    def mine(self, blocks: int = 1) -> None:
        self._server.order("mine", blocks=blocks)

    def pay(self, to: str, base_units: int, asset: Asset = ETH) -> str:
        if asset == ETH:
            return str(self._server.order("fund", address=to, wei=str(base_units))["hash"])
        order = {"token": asset.id, "address": to, "base_units": str(base_units)}
        return str(self._server.order("mint", **order)["hash"])

    def spend_elsewhere(self, nonce: int) -> str:
        order = {"private_key": self._key, "to": STRANGER, "wei": "1", "nonce": nonce}
        return str(self._server.order("send_as", **order)["hash"])

    def prefer(self, tx_hash: str) -> None:
        self._server.order("prefer", hash=tx_hash)

    def hide_next(self) -> None:
        self._server.order("hide", times=1)

    def release(self) -> None:
        self._server.order("release")

    def lose_next_answer(self, *, arrives: bool) -> None:
        kind = "lose_answer" if arrives else "drop"
        self._fault(operation="eth_sendRawTransaction", kind=kind)

    def reorg(self, depth: int, *, drop: bool) -> None:
        self._server.order("reorg", depth=depth, drop=drop)

    def lag(self, blocks: int) -> None:
        self._server.order("lag", blocks=blocks)

    def break_recipient(self, address: str) -> None:
        # Code that only reverts: PUSH1 0, DUP1, REVERT. The proxy keeps such powers from clients.
        order = {"jsonrpc": "2.0", "id": 1, "method": "anvil_setCode"}
        body = order | {"params": [address, "0x600080fd"]}
        requests.post(f"http://127.0.0.1:{self._server.anvil_port}", json=body, timeout=5)

    def pause(self, token: Asset) -> None:
        self._server.order("token", token=token.id, paused=True)

    def silence(self, token: Asset) -> None:
        self._server.order("token", token=token.id, silent=True)

    def blacklist(self, token: Asset, address: str) -> None:
        self._server.order("token", token=token.id, blacklist=[address])

    def charge(self, token: Asset, fee_bps: int) -> None:
        self._server.order("token", token=token.id, fee_bps=fee_bps)

    def say_chain_id(self, chain_id: int) -> None:
        self._server.order("chain_id", value=chain_id)

    def set_base_fee(self, wei: int) -> None:
        self._server.order("base_fee", wei=str(wei))

    def go_down(self, retry_after_seconds: int) -> None:
        headers = {"retry-after": str(retry_after_seconds)}
        self._fault(operation=".*", kind="answer", status=503, times=None, headers=headers)

    def reset(self) -> None:
        """Undo every order that outlasts a test."""
        requests.delete(f"{self._server.url}/_sandbox/faults", timeout=5)
        self.lag(0)
        self.say_chain_id(CHAIN_ID)
        self.release()
        for asset_id in TOKENS:
            switches = {"paused": False, "silent": False, "fee_bps": 0, "blacklist": []}
            self._server.order("token", token=asset_id, **switches)

    def _fault(self, **fault: Any) -> None:
        answer = requests.post(f"{self._server.url}/_sandbox/faults", json=fault, timeout=5)
        answer.raise_for_status()


@contextmanager
def running_server(folder: Path) -> Iterator[EthereumServer]:
    """One node for a module's tests; its blocks come only when ordered."""
    with running_ethereum(folder / "state.json", chain_id=CHAIN_ID, block_seconds=0) as running:
        yield running


def signed(world: World, nonce: int = 0, **changes: Any) -> SignedTransfer:
    """A transfer of one ether to RECIPIENT."""
    return world.signer.sign(unsigned(nonce, **changes))


def unsigned(
    nonce: int = 0,
    *,
    to: str = RECIPIENT,
    amount: Money = ONE_ETHER,
    fees: Fees = FEES,
    chain_id: int = CHAIN_ID,
) -> UnsignedTransfer:
    return UnsignedTransfer(chain_id, nonce, to, amount, fees)


def bumped(most: int, tip: int) -> Fees:
    """The tests' fees with both prices at so many percent."""
    return Fees(FEES.max_fee * most // 100, FEES.max_priority_fee * tip // 100, FEES.gas_limit)
