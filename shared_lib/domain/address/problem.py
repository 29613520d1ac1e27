"""What is wrong with an address or a memo, said without repeating any of it.

What was typed may be a secret, so no error here carries it: not in its text, not in its
arguments, not as the error that caused it.
"""

from typing import Literal, NoReturn

Field = Literal["address", "memo"]

_UNOWNED = "must be an address that somebody has the key of: money sent to this one is lost"
# Nobody finds a key whose hash begins with 80 chosen bits. What begins so was made up to burn
# money or stands for a built-in contract: 0x0, 0x…dead, T9yD14…, rrrrr….
_UNOWNED_BEGINNING = bytes(10)


class AddressProblemError(ValueError):
    """The text is a rule for people; `field` says which of the two inputs breaks it."""

    def __init__(self, rule: str, field: Field = "address") -> None:
        super().__init__(rule)
        self.field: Field = field


class SecretPastedError(AddressProblemError):
    """A private key or a seed phrase stands where an address or a memo belongs."""


def refuse_beginnings(text: str, rules: tuple[tuple[str, str], ...]) -> None:
    """Say the rule of the first beginning, written in small letters, that the text has."""
    for beginning, rule in rules:
        if text.lower().startswith(beginning):
            raise AddressProblemError(rule)


def refuse_unowned(account: bytes) -> None:
    """Refuse an account, the decoded part of an address, that nobody can have a key of."""
    if account.startswith(_UNOWNED_BEGINNING):
        refuse_as_unowned()


def refuse_as_unowned() -> NoReturn:
    """Refuse an address that is known to belong to nobody."""
    raise AddressProblemError(_UNOWNED)
