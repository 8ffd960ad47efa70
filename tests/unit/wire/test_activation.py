"""The listening socket of socket activation: one, of the right kind, and passed on to nobody."""

import os
import socket
from collections.abc import Iterator

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire import activation
from rw2fa_daemon.wire.activation import FIRST_PASSED_FD, passed_listener

UNIT = "rw2fad.socket"


def passing(monkeypatch: pytest.MonkeyPatch, fd: int, *, count: str | None = "1", pid: int | None = None) -> None:
    """Have the environment say that systemd passed sockets to this process, or to `pid`."""
    monkeypatch.setattr(activation, "FIRST_PASSED_FD", fd)
    monkeypatch.setenv("LISTEN_PID", str(pid or os.getpid()))
    monkeypatch.setenv("LISTEN_FDNAMES", UNIT)
    if count is not None:
        monkeypatch.setenv("LISTEN_FDS", count)


@pytest.fixture
def fd() -> Iterator[int]:
    """A descriptor that a child would inherit, of a socket of the right kind."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as made:
        yield made.fileno()


def passed(fd: int) -> int:
    """A duplicate that a child would inherit, for whoever takes it to close."""
    copy = os.dup(fd)
    os.set_inheritable(copy, True)
    return copy


def test_the_first_descriptor_is_systemds() -> None:
    assert FIRST_PASSED_FD == 3, "SD_LISTEN_FDS_START of sd_listen_fds(3)"


def test_a_socket_that_was_passed_is_taken_and_no_child_hears_of_it(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = passed(fd)
    passing(monkeypatch, copy)
    taken = passed_listener(UNIT)
    assert taken is not None
    with taken:
        assert taken.fileno() == copy
        assert not taken.get_inheritable()
    assert not [name for name in os.environ if name.startswith("LISTEN_")]


def test_without_systemd_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    assert passed_listener(UNIT) is None


def test_what_was_passed_to_another_process_is_not_ours(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    passing(monkeypatch, fd, pid=os.getpid() + 1)
    assert passed_listener(UNIT) is None


@pytest.mark.parametrize(("count", "told"), [("0", "0 sockets"), ("2", "2 sockets"), (None, "0 sockets")])
def test_another_number_of_sockets_is_a_problem(
    fd: int, count: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing(monkeypatch, fd, count=count)
    with pytest.raises(Problem, match=f"passed {told}") as raised:
        passed_listener(UNIT)
    assert UNIT in raised.value.fix


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
def test_a_socket_of_another_kind_is_a_problem(family: socket.AddressFamily, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as made:
        copy = passed(made.fileno())
    passing(monkeypatch, copy)
    with pytest.raises(Problem, match="another kind"):
        passed_listener(UNIT)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(copy)
