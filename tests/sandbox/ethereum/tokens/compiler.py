"""The contracts' code, compiled when their source was never compiled before."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent
SCRIPT = SOURCES / "compile.cjs"
CACHE = SOURCES.parents[3] / ".cache" / "tokens"
COMPILE_SECONDS = 60


class CompileError(Exception):
    """The compiler is not installed, or does not like the source."""


@dataclass(frozen=True)
class Compiled:
    """A contract's code, and by variable the slot of its state."""

    code: str
    slots: dict[str, int]


def compiled_contracts() -> dict[str, Compiled]:
    """Every contract by its name."""
    cached = CACHE / f"{_digest()}.json"
    if not cached.exists():
        _write_whole(cached, _compile())
    found = json.loads(cached.read_text())
    return {name: Compiled(one["code"], one["slots"]) for name, one in found.items()}


def _digest() -> str:
    """It says the compiler's version too, which the source asks for by its pragma."""
    parts = [SCRIPT, *sorted(SOURCES.glob("*.sol"))]
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()


def _compile() -> str:
    run = subprocess.run(
        ["node", str(SCRIPT)], capture_output=True, text=True, timeout=COMPILE_SECONDS
    )
    if run.returncode != 0:
        hint = "run `npm ci` in tests/sandbox if solc is missing"
        raise CompileError(f"the tokens do not compile ({hint}):\n{run.stderr}")
    return run.stdout


def _write_whole(path: Path, text: str) -> None:
    """Two that start at once may both compile, and neither reads half of the other's file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(text)
    part.replace(path)
