"""One server process: started, awaited until it is ready, and stopped."""

import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.sandbox.postgres.cluster import PostgresStartError, command

HOST = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
# A killed server's children need a moment to notice; until then the next one may not start.
STILL_ENDING = "pre-existing shared memory block"

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def started(data_dir: Path, port: int, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a server and wait until it takes connections."""
    deadline = time.monotonic() + START_SECONDS
    _forget_dead_server(data_dir / "cluster" / "postmaster.pid")
    line = command("postgres", "-D", str(data_dir / "cluster"), "-p", str(port))
    line += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    while True:
        process, words = _attempt(line, data_dir, deadline)
        if process is not None:
            return process
        if STILL_ENDING not in words or time.monotonic() > deadline:
            raise PostgresStartError(f"postgres did not start: {words}")
        time.sleep(0.05)


def _attempt(
    command: list[str], data_dir: Path, deadline: float
) -> tuple[subprocess.Popen[bytes] | None, str]:
    """Start it once; either the process, ready for connections, or its last words."""
    # Its own session, so that Ctrl-C in a terminal reaches it through us only.
    with (data_dir / "postgres.log").open("ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    if _ready(process, data_dir / "cluster" / "postmaster.pid", deadline):
        return process, ""
    stop(process)
    return None, _tail(data_dir / "postgres.log", start)


def _ready(process: subprocess.Popen[bytes], status_file: Path, deadline: float) -> bool:
    """Wait for the status that the server writes into the eighth line of its lock file."""
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            lines = status_file.read_text().splitlines()
            if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return True
        time.sleep(0.01)
    return False


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        return file.read()[-2000:].decode(errors="replace")


def _forget_dead_server(lock_file: Path) -> None:
    """Remove the lock file of a killed server, whose process id may be somebody else's by now."""
    with suppress(FileNotFoundError):
        pid = lock_file.read_text().partition("\n")[0]
        if str(lock_file.parent) in _command_line(pid):
            raise PostgresStartError(f"another server (pid {pid}) runs on {lock_file.parent}")
        lock_file.unlink()


def _command_line(pid: str) -> str:
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", pid], capture_output=True, text=True)
    return shown.stdout


def stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, which waits for nobody; then what is left."""
    for order, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 2.0)):
        process.send_signal(order)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return
    process.kill()
    process.wait()
