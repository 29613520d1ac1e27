"""Who pushed a message.

Cloud Run verifies the token's signature and removes it before a function sees the request, so what
is left to check here is that the token was made out for us, by Google, and to the push account.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared_lib.runtime.settings import PushSettings

_ISSUERS = {"https://accounts.google.com", "accounts.google.com"}
_LEEWAY_SECONDS = 30
_PARTS = 3


class NotAdmittedError(Exception):
    """The caller is not our push account; the text says why, without the token."""


def check_claims(authorization: str | None, push: PushSettings, now: datetime) -> None:
    """Let only pushes of our own account through. Raises NotAdmittedError."""
    claims = _claims(authorization or "")
    expires = claims.get("exp")
    if claims.get("iss") not in _ISSUERS:
        raise NotAdmittedError("another issuer")
    if claims.get("aud") != push.audience:
        raise NotAdmittedError("another audience")
    if claims.get("email") != push.service_account:
        raise NotAdmittedError("another account")
    if claims.get("email_verified") is not True:
        raise NotAdmittedError("the account's address is not verified")
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise NotAdmittedError("no time of expiry")
    if not now.timestamp() < expires + _LEEWAY_SECONDS:
        raise NotAdmittedError("expired")


def _claims(authorization: str) -> Mapping[str, Any]:
    scheme, _, token = authorization.partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != _PARTS:
        raise NotAdmittedError("no token")
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise NotAdmittedError("the token cannot be read") from None
    if not isinstance(claims, dict):
        raise NotAdmittedError("the token cannot be read")
    return claims
