"""Tells a story line by line, and remembers what did not come true."""


class Narrator:
    """What the demo prints with. `failures` are the facts that did not hold."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def says(self, sign: str, text: str, depth: int = 0) -> None:
        """Print one line of the story."""
        print(f"{'   ' * depth}{sign} {text}", flush=True)

    def check(self, fact: str, *, holds: bool) -> None:
        """Print a fact with its verdict; the demo fails if one does not hold."""
        self.says("✅" if holds else "❌", fact, 1)
        if not holds:
            self.failures.append(fact)
