"""Which part of the bot answers a press of a button: each has a prefix of its own."""

from collections.abc import Callable, Mapping

from shared_lib.domain.update import Press
from shared_lib.ports import Ports, ProviderError
from shared_lib.usecases.donating import press_key
from shared_lib.usecases.messages import DONATION_PRESS
from shared_lib.usecases.ordering import Visit

_PARTS: Mapping[str, Callable[[Ports, Visit, Press], str | None]] = {DONATION_PRESS: press_key}


def answer(ports: Ports, visit: Visit, press: Press) -> None:
    """Do what a button stands for, and end the waiting of whoever pressed it.

    Nobody knows buttons without a part: they are old, or forged.
    """
    part = _PARTS.get(press.data.partition(":")[0])
    word = None if part is None else part(ports, visit, press)
    try:
        ports.messenger.answer_press(press.press_id, word)
    except ProviderError:
        return
