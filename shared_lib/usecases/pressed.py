"""A press of a button that is being answered: by whom, where, and how they are spoken to."""

from dataclasses import dataclass

from shared_lib.domain.message import Message
from shared_lib.domain.update import Press
from shared_lib.ports import Ports
from shared_lib.usecases.ordering import Visit
from shared_lib.usecases.rates import show_again
from shared_lib.usecases.words.speech import Speech


@dataclass(frozen=True, slots=True)
class Pressed:
    """What the parts of the bot that have buttons are given."""

    visit: Visit
    press: Press
    speech: Speech

    def show(self, ports: Ports, message: Message) -> None:
        """Show this where the button was, as far as Telegram lets us."""
        show_again(ports, self.visit.person.id, self.press.message_id, message)
