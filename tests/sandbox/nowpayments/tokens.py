"""Bearer tokens that outlive a restart because they carry their own end."""

import base64
import hmac
import json
import time
from typing import Any


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def _signature(signed: str, key: str) -> str:
    return _encoded(hmac.digest(key.encode(), signed.encode(), "sha256"))


def issued(email: str, seconds: float, key: str) -> str:
    """A token in the form of a JWT."""
    now = time.time()
    claims: dict[str, Any] = {"id": email, "iat": int(now), "exp": now + seconds}
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{_signature(signed, key)}"


def is_valid(token: str, key: str) -> bool:
    """Whether we issued `token` and it has not ended."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(signed, key).encode()):
        return False
    claims = signed.partition(".")[2]
    padded = claims + "=" * (-len(claims) % 4)
    return bool(json.loads(base64.urlsafe_b64decode(padded))["exp"] > time.time())
