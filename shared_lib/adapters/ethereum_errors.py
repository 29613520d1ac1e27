"""The one place where an Ethereum node's troubles become our errors.

Texts of errors are our own: those of the client library carry the node's URL, which may hold an
access key. For the same reason the causes are cut off (`from None`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from requests import RequestException
from requests.exceptions import HTTPError
from web3.exceptions import Web3Exception, Web3RPCError

from shared_lib.ports import BroadcastResult, ProviderError, RetryableError, UnknownOutcomeError

# What the client library raises where the network fails, the node refuses, or its answer has
# another shape than it should.
TROUBLES = (RequestException, Web3Exception, ValueError, TypeError, LookupError, AttributeError)

_LIMIT_CODES = frozenset({-32005, 429})
_LIMIT_WORDS = re.compile(r"too many requests|rate limit", re.IGNORECASE)
_REVERTED_CODE = 3
_WOULD_FAIL = re.compile(
    r"revert|gas required exceeds|out of gas|invalid opcode|stack (under|over)flow", re.IGNORECASE
)

# In the words of geth, reth, Erigon, Besu, Nethermind, OpenEthereum, anvil and Hardhat. The first
# match counts. `known transaction` needs its boundary, for there is `unknown transaction type` too.
_VERDICTS = (
    (
        BroadcastResult.ALREADY_KNOWN,
        re.compile(
            r"already ?known|already imported|\bknown transaction|same hash"
            r"|already in (the )?(mempool|(transaction |tx ?)?pool)",
            re.IGNORECASE,
        ),
    ),
    (
        BroadcastResult.NONCE_USED,
        re.compile(
            r"nonce(_| | is )too(_| )low|\boldnonce|\bold nonce|nonce (has )?already (been )?used",
            re.IGNORECASE,
        ),
    ),
    (
        BroadcastResult.REFUSED,
        re.compile(
            r"underpriced|fee ?too ?low|gas price.* too low|replacement ?not ?allowed"
            r"|could not replace|to replace existing|block base ?fee|current base ?fee"
            r"|higher than max fee per gas|exceeds the configured cap"
            r"|insufficient ?funds|insufficient balance|upfront cost exceeds"
            r"|intrinsic gas|gas ?limit ?exceeded|exceeds .*gas limit"
            r"|pool is full|nonce too high|nonce ?gap|nonce too far"
            r"|invalid sender|invalid signature|invalid chain ?id|wrong chain ?id"
            r"|in-flight transaction limit|already reserved|exceeds max(imum)? size",
            re.IGNORECASE,
        ),
    ),
)


@contextmanager
def asking() -> Iterator[None]:
    """Turn every trouble with a question into RetryableError."""
    try:
        yield
    except TROUBLES as error:
        raise _retryable(error) from None


def _retryable(error: Exception) -> RetryableError:
    return RetryableError(_reason(error), _wished_seconds(error))


def _reason(error: Exception) -> str:
    code, _ = _rpc_error(error)
    status = _status(error)
    detail = f"status {status}" if status else f"code {code}" if code else type(error).__name__
    return f"the Ethereum node did not answer properly: {detail}"


def _status(error: Exception) -> int | None:
    if isinstance(error, HTTPError) and error.response is not None:
        return error.response.status_code
    return None


def _wished_seconds(error: Exception) -> int:
    """The header Retry-After where it counts seconds, else 0."""
    if not isinstance(error, HTTPError) or error.response is None:
        return 0
    wish = error.response.headers.get("retry-after", "")
    return int(wish) if re.fullmatch(r"[0-9]{1,6}", wish) else 0


def _rpc_error(error: Exception) -> tuple[int | None, str]:
    """Code and message of a JSON-RPC error, where it is one."""
    answer = error.rpc_response if isinstance(error, Web3RPCError) else None
    found = answer.get("error") if answer else None
    if not isinstance(found, dict):
        return None, ""
    return found.get("code"), str(found.get("message", ""))


def _is_limited(error: Exception) -> bool:
    """Whether the node turned us away before it looked at what we want."""
    code, message = _rpc_error(error)
    too_many = _status(error) == HTTPStatus.TOO_MANY_REQUESTS
    return too_many or code in _LIMIT_CODES or bool(_LIMIT_WORDS.search(message))


def would_fail(error: Web3RPCError) -> bool:
    """Whether an estimate of gas was refused because of the transfer itself."""
    code, message = _rpc_error(error)
    return code == _REVERTED_CODE or bool(_WOULD_FAIL.search(message))


def verdict(error: Web3RPCError) -> BroadcastResult:
    """What a node's refusal of our bytes means. Raises ProviderError where that is not clear."""
    _, message = _rpc_error(error)
    found = (result for result, words in _VERDICTS if words.search(message))
    result = None if _is_limited(error) else next(found, None)
    if result is None:
        raise no_answer(error) from None
    return result


def no_answer(error: Exception) -> ProviderError:
    """Our bytes may be with the network, unless the node says that it did not look at them."""
    return _retryable(error) if _is_limited(error) else UnknownOutcomeError(_reason(error))
