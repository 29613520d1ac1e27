"""For all tests: no network but this machine's own, and the count of fault points at the end."""

import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("project", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("project")

_connect = socket.socket.connect


class NetworkIsOffError(AssertionError):
    """A test tried to reach another machine."""


def _connect_here(self: socket.socket, address: Any) -> None:
    if isinstance(address, tuple) and not _is_loopback(str(address[0])):
        raise NetworkIsOffError(f"tests must not reach {address[0]}")
    _connect(self, address)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session", autouse=True)
def network_is_off() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _connect_here)
        yield


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much was tried, as a total over all workers."""
    reports = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
    ]
    points = sum(
        int(value)
        for report in reports
        for name, value in report.user_properties
        if name == "fault_points"
    )
    if points:
        terminalreporter.write_line(f"{len(reports)} tests, {points} fault points")
