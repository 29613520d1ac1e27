"""A Chromium for the tests of pages: one that is there, else Playwright's own, else Debian's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
DOWNLOADS = PROJECT / ".cache" / "playwright"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# What a browser does by itself would only be refused here.
QUIET = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
_HELP = """no Chromium was found, and none could be installed.
Install one (Debian: apt-get install chromium; macOS: brew install --cask chromium),
or let Playwright fetch its own: .venv/bin/python -m playwright install chromium"""


def arguments() -> list[str]:
    """What Chromium is started with; as root it has no sandbox of its own."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*QUIET, *(["--no-sandbox"] if is_root else [])]


def chromium() -> str:
    """The path of a Chromium. Raises RuntimeError, which says how to get one."""
    for find in (_installed, _downloaded, _from_playwright, _from_debian):
        found = find()
        if found is not None:
            return found
    raise RuntimeError(_HELP)


def _installed() -> str | None:
    on_path = (shutil.which(name) for name in _NAMES)
    return next((one for one in (*on_path, *_MAC) if one and Path(one).exists()), None)


def _downloaded() -> str | None:
    folders = DOWNLOADS.glob("chromium-*/chrome-*/")
    names = ("chrome", "Chromium.app/Contents/MacOS/Chromium")
    found = (folder / name for folder in sorted(folders, reverse=True) for name in names)
    return next((str(path) for path in found if path.exists()), None)


def _from_playwright() -> str | None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(DOWNLOADS)}
    return _downloaded() if _succeeds(command, environment) else None


def _from_debian() -> str | None:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not is_root or shutil.which("apt-get") is None:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _succeeds(["apt-get", "update", "-qq"], environment)
    _succeeds(["apt-get", "install", "-y", "-qq", "chromium"], environment)
    return _installed()


def _succeeds(command: list[str], environment: dict[str, str]) -> bool:
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    print(chromium())
