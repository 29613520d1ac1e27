"""Keep a message that could not be delivered, for `reconcile` to judge and people to see."""

from shared_lib.ports import DeadLetter, Ports


def record_dead_letter(ports: Ports, letter: DeadLetter) -> None:
    """Store the letter; the same message dead-lettered twice is stored once."""
    with ports.database.transaction() as tx:
        tx.delivery.add_dead_letter(letter, ports.clock.now())
