"""A person's keypad as a draft: read, written if nobody else has meanwhile, and dropped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared_lib.domain.keypad import Keypad
from shared_lib.ports import DraftKind, Ports


@dataclass(frozen=True, slots=True)
class Drafted:
    """A keypad, and the version of the draft that it was read from."""

    keypad: Keypad
    version: str


def read_keypad(ports: Ports, telegram_user_id: int) -> Drafted | None:
    """The keypad of a person, who has one at most; None where it has vanished or is over."""
    draft = ports.drafts.get(DraftKind.KEYPAD, telegram_user_id)
    return None if draft is None else Drafted(_keypad_from(draft.content), draft.version)


def write_keypad(
    ports: Ports, telegram_user_id: int, keypad: Keypad, before: Drafted | None
) -> None:
    """Keep a keypad in place of the one that was read, or of whatever there is.

    Raises DraftChangedError where it was changed since.
    """
    version = None if before is None else before.version
    ports.drafts.put(DraftKind.KEYPAD, telegram_user_id, _content(keypad), version)


def drop_keypad(ports: Ports, telegram_user_id: int, before: Drafted) -> None:
    """The keypad is over. Raises DraftChangedError where it was changed since."""
    ports.drafts.delete(DraftKind.KEYPAD, telegram_user_id, before.version)


def _content(keypad: Keypad) -> Mapping[str, Any]:
    return {
        "order_id": str(keypad.order_id),
        "channel_id": str(keypad.channel_id),
        "typed": keypad.typed,
        "is_confirmed": keypad.is_confirmed,
        "presses": list(keypad.presses),
    }


def _keypad_from(content: Mapping[str, Any]) -> Keypad:
    return Keypad(
        order_id=UUID(content["order_id"]),
        channel_id=UUID(content["channel_id"]),
        typed=content["typed"],
        is_confirmed=content["is_confirmed"],
        presses=tuple(content["presses"]),
    )
