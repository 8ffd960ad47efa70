"""What systemd is told, over a real notification socket."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rw2fa_daemon.service.supervision import Supervisor
from tests.unit.service.stepped_loop import SteppedLoop


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    for name in ("WATCHDOG_PID", "WATCHDOG_USEC"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify.sock"))
        made.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify.sock"))
        yield made


@pytest.fixture
def made(stepped_loop: SteppedLoop) -> Iterator[Callable[[], Supervisor]]:
    """Makes one for the environment as it is."""
    supervisors = []

    def make() -> Supervisor:
        supervisors.append(Supervisor(stepped_loop))
        return supervisors[-1]

    yield make
    for supervisor in supervisors:
        if supervisor._notifier is not None:
            supervisor._notifier.socket.close()


def heard(systemd: socket.socket) -> list[str]:
    """What came since the last time."""
    messages = []
    while True:
        try:
            messages.append(systemd.recv(1000).decode())
        except BlockingIOError:
            return messages


def test_each_turn_of_the_daemons_life_is_told(
    systemd: socket.socket, stepped_loop: SteppedLoop, made: Callable[[], Supervisor]
) -> None:
    supervisor = made()
    supervisor.ready("fine")
    supervisor.status("so so")
    before = time.monotonic_ns() // 1000
    supervisor.reloading()
    after = time.monotonic_ns() // 1000
    supervisor.reloaded("fine again")
    supervisor.stopping()
    ready, status, reloading, reloaded, stopping = heard(systemd)
    assert (ready, status, reloaded) == ("READY=1\nSTATUS=fine", "STATUS=so so", "READY=1\nSTATUS=fine again")
    assert stopping.startswith("STOPPING=1\nSTATUS=")
    word, at = reloading.split("\nMONOTONIC_USEC=")
    assert word == "RELOADING=1"
    assert before <= int(at) <= after
    stepped_loop.advance(1_000)
    assert heard(systemd) == [], "nobody watches"


@pytest.mark.parametrize("named", [False, True])
def test_a_sign_of_life_is_given_twice_in_the_time_that_systemd_waits(
    systemd: socket.socket,
    stepped_loop: SteppedLoop,
    made: Callable[[], Supervisor],
    named: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    if named:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    made().ready("fine")
    assert heard(systemd)[1:] == ["WATCHDOG=1"]
    stepped_loop.advance(9.99)
    assert heard(systemd) == []
    stepped_loop.advance(0.02)
    assert heard(systemd) == ["WATCHDOG=1"]
    stepped_loop.advance(20)
    assert heard(systemd) == ["WATCHDOG=1"] * 2


def test_the_signs_of_life_of_another_process_are_not_ours(
    systemd: socket.socket,
    stepped_loop: SteppedLoop,
    made: Callable[[], Supervisor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    made().ready("fine")
    stepped_loop.advance(1_000)
    assert heard(systemd) == ["READY=1\nSTATUS=fine"]


def test_where_there_is_no_systemd_nothing_is_said(
    made: Callable[[], Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    made().ready("fine")
