"""The tokens that Google puts on pushes: RS256, signed with a key of this stand-in's own."""

import base64
import hashlib
import json
import time
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

ISSUER = "https://accounts.google.com"
LIFETIME_SECONDS = 3_600
REUSED_SECONDS = 300


class InvalidTokenError(Exception):
    """The token is not one that may pass; the text says why."""


class TokenIssuer:
    """Issues identity tokens of service accounts and checks them."""

    def __init__(self, key_file: Path) -> None:
        self._key = _stored_key(key_file)
        self._public = self._key.public_key()
        self._reused: dict[tuple[str, str], tuple[float, str]] = {}

    def token(self, email: str, audience: str) -> str:
        """A token for this account and audience, at most a few minutes old."""
        made_at, token = self._reused.get((email, audience), (0.0, ""))
        if time.time() - made_at > REUSED_SECONDS:
            made_at, token = time.time(), self.mint(email, audience)
            self._reused[email, audience] = (made_at, token)
        return token

    def mint(self, email: str, audience: str, lifetime_seconds: int = LIFETIME_SECONDS) -> str:
        """A new token; a negative lifetime makes one that is expired already."""
        now = int(time.time())
        subject = str(int(hashlib.sha256(email.encode()).hexdigest()[:17], 16))
        claims = {
            "aud": audience,
            "azp": subject,
            "email": email,
            "email_verified": True,
            "exp": now + lifetime_seconds,
            "iat": now + min(0, lifetime_seconds),
            "iss": ISSUER,
            "sub": subject,
        }
        head = _encoded({"alg": "RS256", "kid": "sandbox", "typ": "JWT"})
        signed = f"{head}.{_encoded(claims)}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        return f"{signed}.{_base64url(signature)}"

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token that is signed by this key and has not expired."""
        try:
            signed, signature = token.rsplit(".", 1)
            head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
            if head["alg"] != "RS256":
                raise InvalidTokenError("the token is not signed with RS256")
            self._public.verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), SHA256())
            expires_at = float(claims["exp"])
        except InvalidSignature as error:
            raise InvalidTokenError("the signature does not match") from error
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidTokenError("the token is malformed") from error
        if expires_at <= time.time():
            raise InvalidTokenError("the token has expired")
        return dict(claims)


def _stored_key(key_file: Path) -> rsa.RSAPrivateKey:
    if not key_file.exists():
        made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            made.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{key_file.name} holds no RSA key")
    return key


def _encoded(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(value: str) -> bytes:
    return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
