"""Each deployed function starts under the framework, opens nothing, and refuses bad settings."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import functions_framework
import pytest
import structlog

from shared_lib.runtime.settings import SettingsError
from tests.fakes.runtime import bearer, push_body
from tests.unit.test_settings import GOOD

FOLDERS = sorted((Path(__file__).parents[2] / "functions").glob("*/"))
NAMES = [folder.name for folder in FOLDERS]
SIZE_MOST_LINES = 30


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings alone, and no network."""
    for name in ("K_SERVICE", "FUNCTION_TARGET", "LOG_FORMAT", "CLOUD_SQL_INSTANCE"):
        monkeypatch.delenv(name, raising=False)
    for name in GOOD:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    yield
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


def _no_network(*_: Any) -> None:
    raise AssertionError("a connection was opened")


def started(folder: Path) -> Any:
    create_app: Any = functions_framework.create_app
    return create_app(folder.name, str(folder / "main.py")).test_client()


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_it_starts_and_is_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    client = started(folder)
    assert client.post("/", json=push_body(b"{}")).status_code in {400, 401, 403}
    assert len((folder / "main.py").read_text().splitlines()) <= SIZE_MOST_LINES


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_it_refuses_to_start_without_settings(folder: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        started(folder)
    assert "GOOGLE_CLOUD_PROJECT: is missing" in caught.value.problems


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_its_requirements_are_pinned_and_hashed(folder: Path) -> None:
    pinned = (folder / "requirements.txt").read_text()
    names = re.findall(r"^([a-z0-9._-]+)==", pinned, re.MULTILINE)
    asked = re.findall(
        r"^([a-z][a-z0-9_-]+)", (folder / "requirements.in").read_text(), re.MULTILINE
    )
    assert set(asked) <= set(names)
    assert pinned.count("--hash=sha256:") >= len(names)
    assert "://" not in pinned


def test_the_framework_hands_a_raw_push_to_an_event_function(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A push with a good token that names another event than the function's is nacked by us."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    claims = {
        "iss": "https://accounts.google.com",
        "aud": GOOD["PUSH_AUDIENCE"],
        "email": GOOD["PUSH_SERVICE_ACCOUNT"],
        "email_verified": True,
        "exp": 4_102_444_800,
    }
    tick = push_body(b'{"type": "tick.reconcile", "version": 1}')
    client = started(next(folder for folder in FOLDERS if folder.name == "notify"))
    answer = client.post("/", json=tick, headers={"Authorization": bearer(claims)})
    assert answer.status_code == 400
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["reason"], line["message_id"]) == ("notice.requested was expected", "77")


def test_dead_letters_without_data_reach_their_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused for their missing token here, not for their form by the framework."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    client = started(next(folder for folder in FOLDERS if folder.name == "record_dead_letter"))
    body = push_body(b"", data=None, attributes={"a": "b"})
    assert client.post("/", json=body).status_code == 403
