"""Starts processes, starts those again that die, and stops all of them and nothing else."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
STOP_SECONDS = 6.0


@dataclass(frozen=True)
class Program:
    """What is run under a name; `ready` says whether it answers."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[], bool]


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]


class StartError(Exception):
    """A part did not start; its log says why."""


@dataclass
class Supervisor:
    """Runs programs with their output in `logs`; `changed` is called when a pid changed."""

    logs: Path
    changed: Callable[[], None] = lambda: None
    _children: dict[str, _Child] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _ending: threading.Event = field(default_factory=threading.Event)
    _watcher: threading.Thread | None = None

    def start(self, programs: Sequence[Program], seconds: float = 90.0) -> None:
        """Start programs side by side and wait until each is ready. Raises StartError."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for program in programs:
            with self._lock:
                self._children[program.name] = _Child(program, self._run(program))
        deadline = time.monotonic() + seconds
        for program in programs:
            self._await(program, deadline)
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()

    def pids(self) -> dict[str, int]:
        """Process id by name, as of now."""
        with self._lock:
            return {name: child.process.pid for name, child in self._children.items()}

    def stop(self) -> None:
        """End everything that was started here, newest first."""
        self._ending.set()
        if self._watcher is not None:
            self._watcher.join()
        children = list(reversed(self._children.values()))
        for child in children:
            _signal(child.process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, deadline - time.monotonic()))
            _signal(child.process, signal.SIGKILL)
            child.process.wait()

    def _run(self, program: Program) -> subprocess.Popen[bytes]:
        with (self.logs / f"{program.name}.log").open("ab") as log:
            return subprocess.Popen(
                list(program.command),
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own: workers of a killed master end with it.
                start_new_session=True,
                preexec_fn=_die_with_parent if _LIBC else None,  # noqa: PLW1509 (one C call)
            )

    def _await(self, program: Program, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._children[program.name].process.poll() is not None:
                break
            if program.ready():
                return
            time.sleep(0.05)
        tail = (self.logs / f"{program.name}.log").read_text(errors="replace")[-3000:]
        raise StartError(f"{program.name} did not start:\n{tail}")

    def _watch(self) -> None:
        """Start again what died, as the platform would."""
        while not self._ending.wait(0.1):
            with self._lock:
                dead = [one for one in self._children.values() if one.process.poll() is not None]
                for child in dead:
                    _signal(child.process, signal.SIGKILL)
                    child.process = self._run(child.program)
            if dead:
                self.changed()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a process and its group, which outlives a killed master."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
