"""The statement of each channel, as its owner gets it, and what the published verifier says."""

import secrets
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from shared_lib.adapters.ed25519 import SEED_BYTES, Ed25519Signer
from shared_lib.domain.statement import COLUMNS, Sealed, as_csv, as_json, seal
from shared_lib.usecases.read_statement import read_statement
from tests.sandbox.narrator import Narrator
from tests.sandbox.scene import Scene
from tests.sandbox.stack.plan import PROJECT

VERIFIER = PROJECT / "docs/verify_statement.py"
_SHOWN = ("kind", "state", "received", "our_fee", "amount", "coin", "arrived", "arrived_coin")


class StatementShow:
    """Writes statements to a folder and has them verified by a process that knows nothing else."""

    def __init__(self, narrator: Narrator, scene: Scene, folder: Path) -> None:
        self._narrator = narrator
        self._scene = scene
        self._folder = folder
        self._signer = Ed25519Signer(secrets.token_bytes(SEED_BYTES))
        folder.mkdir(parents=True, exist_ok=True)

    def show(self, title: str, channel_id: UUID) -> str:
        """Print a channel's statement line by line, and verify both its forms; the JSON's path."""
        sql = "SELECT account_id FROM channels WHERE id = :id"
        [row] = self._scene.rows(sql, id=channel_id)
        statement = read_statement(self._scene.ports, row["account_id"], channel_id)
        sealed = seal(statement, self._signer.public_key, self._signer.sign)
        self._narrator.says("📊", f"{title}: {len(sealed.hashes)} lines", 1)
        for line in statement.lines:
            shown = dict(zip(COLUMNS, line, strict=True))
            text = "  ".join(shown[name] for name in _SHOWN if shown[name])
            self._narrator.says(" ", text, 2)
        return self._verified(sealed, channel_id)

    def _verified(self, sealed: Sealed, channel_id: UUID) -> str:
        json_file = self._folder / f"{channel_id}.json"
        csv_file = self._folder / f"{channel_id}.csv"
        json_file.write_text(as_json(sealed), newline="")
        csv_file.write_text(as_csv(sealed), newline="")
        for file in (json_file, csv_file):
            said, is_valid = self._verify(file)
            self._narrator.check(f"{file.suffix[1:]}: {said}", holds=is_valid)
        changed = self._folder / "changed.json"
        changed.write_text(
            as_json(sealed).replace('"received": "0', '"received": "1', 1), newline=""
        )
        said, is_valid = self._verify(changed)
        changed.unlink()
        self._narrator.check(f"with one digit changed: {said}", holds=not is_valid)
        return str(json_file.relative_to(PROJECT))

    def _verify(self, file: Path) -> tuple[str, bool]:
        """The verifier's first line, and whether it took the file."""
        command = [sys.executable, "-I", str(VERIFIER), str(file), "--key", self._signer.public_key]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.splitlines()[0][:90], done.returncode == 0
