"""Processor time of processes and their descendants, as Linux counts it in /proc.

Where there is no /proc everything took no time, and only what a clock says is measured.
"""

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

THIS = "benchmark"
_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat behind the command's name, see proc_pid_stat(5).
_PARENT, _TIMES = 1, slice(11, 15)
# Of the first line of /proc/stat: all but idle and waiting for I/O, see proc_stat(5).
_BUSY = (0, 1, 2, 5, 6, 7)


@dataclass(frozen=True)
class Process:
    """A process's parent, and the seconds that it and its children that ended have used."""

    parent: int
    seconds: float


def parse_stat(line: str) -> Process:
    """Read a line of /proc/<pid>/stat. A command's name may hold blanks and parentheses."""
    fields = line.rpartition(")")[2].split()
    ticks = sum(map(int, fields[_TIMES]))
    return Process(int(fields[_PARENT]), ticks / _TICKS_PER_SECOND)


def sum_trees(processes: Mapping[int, Process], roots: Mapping[str, int]) -> dict[str, float]:
    """Seconds by name, each root with all its descendants."""
    children = defaultdict(list)
    for pid, process in processes.items():
        children[process.parent].append(pid)

    def seconds(pid: int) -> float:
        own = processes[pid].seconds if pid in processes else 0.0
        return own + sum(seconds(child) for child in children[pid])

    return {name: seconds(pid) for name, pid in roots.items()}


@dataclass(frozen=True)
class Usage:
    """What was used between two looks: by name, by the whole machine, and by the clock."""

    seconds: Mapping[str, float]
    machine_seconds: float
    clock_seconds: float

    @property
    def total(self) -> float:
        """What all that was watched used together."""
        return sum(self.seconds.values())

    @property
    def foreign_share(self) -> float:
        """The part of the machine, from 0 to 1, that went to programs that are none of ours."""
        capacity = self.clock_seconds * (os.cpu_count() or 1)
        return max(0.0, self.machine_seconds - self.total) / capacity


class Meter:
    """Watches processes by name, and this one without those it started, from when it is made."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = dict(roots)
        self._before = self._seconds()
        self._machine, self._clock = _machine_seconds(), time.monotonic()

    def _seconds(self) -> dict[str, float]:
        return sum_trees(processes(), self._roots) | {THIS: time.process_time()}

    def read(self) -> Usage:
        """What was used since."""
        now = self._seconds()
        used = {name: seconds - self._before[name] for name, seconds in now.items()}
        machine = _machine_seconds() - self._machine
        return Usage(used, machine, time.monotonic() - self._clock)


def processes() -> dict[int, Process]:
    """Every process of this machine, by its id."""
    found = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            found[int(folder.name)] = parse_stat((folder / "stat").read_text())
    return found


def _machine_seconds() -> float:
    if not _PROC.is_dir():
        return 0.0
    numbers = (_PROC / "stat").read_text().partition("\n")[0].split()[1:]
    return sum(int(numbers[field]) for field in _BUSY) / _TICKS_PER_SECOND
