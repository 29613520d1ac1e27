"""Raw transactions: decoded, with geth's words where that fails."""

from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]  # it ships no types
from eth_account import Account
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from tests.sandbox.ethereum.node import RpcError

REFUSED = -32000
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

LEGACY = ("nonce", "gas_price", "gas", "to", "value", "data", "v", "r", "s")
ACCESS_LIST = ("chain_id", *LEGACY[:6], "access_list", "v", "r", "s")
FEES = ("chain_id", "nonce", "max_priority_fee", "max_fee", "gas", "to", "value", "data")
DYNAMIC_FEE = (*FEES, "access_list", "v", "r", "s")
SET_CODE = (*FEES, "access_list", "authorizations", "v", "r", "s")
TYPES = {1: ACCESS_LIST, 2: DYNAMIC_FEE, 4: SET_CODE}
NOT_NUMBERS = {"to", "data", "access_list", "authorizations"}


@dataclass(frozen=True)
class RawTransaction:
    """What the rules and the tests need to know of a signed transaction; amounts are wei."""

    raw: str
    hash: str
    sender: str
    chain_id: int
    nonce: int
    max_priority_fee: int
    max_fee: int
    gas: int
    to: str | None
    value: int
    data: bytes

    @property
    def cost(self) -> int:
        """The most that it can take from its sender."""
        return self.gas * self.max_fee + self.value


def refused(message: str) -> RpcError:
    """A transaction that the node does not take."""
    return RpcError(REFUSED, message)


def decoded(raw: Any) -> RawTransaction:
    """The transaction in these bytes, or geth's error."""
    try:
        content = bytes.fromhex(raw.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise RpcError(-32602, "invalid argument 0: invalid hex string") from None
    fields = _fields(content)
    _check_signature(fields)
    price = fields.get("gas_price", 0)
    return RawTransaction(
        raw="0x" + content.hex(),
        hash="0x" + keccak(content).hex(),
        sender=_sender(content),
        chain_id=fields["chain_id"],
        nonce=fields["nonce"],
        max_priority_fee=fields.get("max_priority_fee", price),
        max_fee=fields.get("max_fee", price),
        gas=fields["gas"],
        to="0x" + fields["to"].hex() if fields["to"] else None,
        value=fields["value"],
        data=fields["data"],
    )


def _fields(content: bytes) -> dict[str, Any]:
    if not content:
        raise refused("typed transaction too short")
    is_list = content[0] >= 0xC0
    names = LEGACY if is_list else TYPES.get(content[0])
    if names is None:
        raise refused("transaction type not supported")
    try:
        items = rlp.decode(content if is_list else content[1:])
    except rlp.DecodingError as error:
        raise refused(f"rlp: {error}") from error
    if not isinstance(items, list) or len(items) != len(names):
        raise refused("rlp: wrong number of elements")
    fields = {name: _field(name, item) for name, item in zip(names, items, strict=True)}
    return {"chain_id": _legacy_chain_id(fields["v"])} | fields


def _field(name: str, item: Any) -> Any:
    if name in NOT_NUMBERS:
        return item
    if not isinstance(item, bytes) or item[:1] == b"\0":
        raise refused("rlp: non-canonical integer (leading zero bytes)")
    return int.from_bytes(item)


def _legacy_chain_id(v: int) -> int:
    if v in {27, 28}:
        raise refused("only replay-protected (EIP-155) transactions allowed over RPC")
    return (v - 35) // 2


def _check_signature(fields: dict[str, Any]) -> None:
    """Only the low half of s is valid, which a signature from elsewhere may not be in."""
    good = 0 < fields["r"] < CURVE_ORDER and 0 < fields["s"] <= CURVE_ORDER // 2
    if not good:
        raise refused("invalid sender: invalid transaction v, r, s values")


def _sender(content: bytes) -> str:
    try:
        return str(Account.recover_transaction(content)).lower()
    except (BadSignature, ValidationError, ValueError, TypeError) as error:
        raise refused(f"invalid sender: {error}") from error
