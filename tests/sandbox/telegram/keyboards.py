"""What a reply markup may contain."""

import re
from typing import Any

from tests.sandbox.telegram.errors import ApiError, bad_request
from tests.sandbox.telegram.params import Params

MOST_BUTTONS = 100
LONGEST_CALLBACK_DATA_BYTES = 64
ACTIONS = frozenset(
    {
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "copy_text",
        "pay",
    }
)
BUTTON_URL = re.compile(r"(https?://[^\s/.]+(\.[^\s/.]+|:\d+)|tg://)\S*", re.IGNORECASE)


def _unparsable(text: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {text}")


def reply_markup(params: Params) -> dict[str, Any] | None:
    """The checked markup of a call, or None."""
    markup = params.json("reply_markup")
    if not markup:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is not None:
        _check(rows)
    return markup


def _check(rows: Any) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("inline keyboard must be an array of arrays of buttons")
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        _check_button(button)


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise _unparsable("field text must be a non-empty string")
    if len(ACTIONS & button.keys()) != 1:
        raise _unparsable("text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= LONGEST_CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not BUTTON_URL.fullmatch(str(url)):
        raise bad_request("BUTTON_URL_INVALID")
