"""How a mistake gets into the running product, and out again. No source file is changed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import pg8000.native
import pytest

# Whose names for a function are all changed: the product's, and those of the fakes that use it.
_PACKAGES = ("shared_lib.", "tests.world", "tests.fakes.")


class Change(Protocol):
    """One thing that is other than it should be."""

    def put(self, patch: pytest.MonkeyPatch) -> None: ...


@dataclass(frozen=True)
class Attribute:
    """An attribute of a module or class is another one."""

    holder: object
    name: str
    broken: object

    def put(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(self.holder, self.name, self.broken)


@dataclass(frozen=True)
class Entry:
    """A table, such as one of states or of statements, says something else for a key."""

    table: dict[Any, Any]
    key: object
    broken: object

    def put(self, patch: pytest.MonkeyPatch) -> None:
        patch.setitem(self.table, self.key, self.broken)


@dataclass(frozen=True)
class Everywhere:
    """A function is another one, by whatever name a module knows it."""

    original: Callable[..., Any]
    broken: Callable[..., Any]

    def put(self, patch: pytest.MonkeyPatch) -> None:
        for module in [one for name, one in sys.modules.items() if name.startswith(_PACKAGES)]:
            names = [name for name, held in vars(module).items() if held is self.original]
            for name in names:
                patch.setattr(module, name, self.broken)


def only(holder: object, name: str, broken: object) -> tuple[Change, ...]:
    """A single attribute is another one."""
    return (Attribute(holder, name, broken),)


class Keys(Protocol):
    """The unique keys of a database, which can be taken away for a while."""

    def missing(self, names: Sequence[str]) -> AbstractContextManager[None]: ...


class OwnersKeys:
    """Implements Keys with the rights of the tables' owner.

    `empty` deletes all rows: those that came without the keys would not let them come back.
    """

    def __init__(self, owner: pg8000.native.Connection, empty: Callable[[], None]) -> None:
        self._owner = owner
        self._empty = empty

    @contextmanager
    def missing(self, names: Sequence[str]) -> Iterator[None]:
        restoring: list[str] = []
        try:
            for name in names:
                restoring.append(self._drop(name))  # noqa: PERF401 (what is dropped comes back)
            yield
        finally:
            self._empty()
            for statement in restoring:
                self._owner.run(statement)

    def _drop(self, name: str) -> str:
        """Drop a unique constraint or index; the statement that makes it again."""
        found = self._owner.run(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conname = :name",
            name=name,
        )
        if found:
            [[table, definition]] = found
            self._owner.run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            return f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
        [[statement]] = self._owner.run(
            "SELECT pg_get_indexdef(CAST(CAST(:name AS text) AS regclass))", name=name
        )
        self._owner.run(f"DROP INDEX {name}")
        return str(statement)


@dataclass(frozen=True)
class PlantedBug:
    """A mistake that somebody could make, and the scenario in which it does harm.

    `keys` are unique keys of the database that stop it too, so that they are taken away with it.
    """

    mistake: str
    scenario: str
    changes: tuple[Change, ...]
    keys: tuple[str, ...] = ()

    @contextmanager
    def planted(self, keys: Keys | None = None) -> Iterator[None]:
        """The product with this mistake, until the end of the block.

        Without `keys` the database keeps its own, and what stops the mistake there still does.
        """
        missing = keys.missing(self.keys) if keys and self.keys else nullcontext()
        with missing, pytest.MonkeyPatch.context() as patch:
            for change in self.changes:
                change.put(patch)
            yield
