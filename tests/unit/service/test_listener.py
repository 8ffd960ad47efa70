"""A socket of our own: never in the place of one that somebody listens at, or of a file."""

import socket
import stat
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.service import listener as service_listener
from rw2fa_daemon.service.listener import own_listener


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "rw2fa" / "pam.sock"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_socket_are_made_for_everybody_to_connect_to(path: Path) -> None:
    with own_listener(path), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
        peer.connect(str(path))
        assert mode(path) == 0o666
        assert mode(path.parent) == 0o755


def test_another_mode_may_be_asked_for(path: Path) -> None:
    with own_listener(path, 0o600):
        assert mode(path) == 0o600


def test_a_socket_that_nobody_listens_at_any_more_is_replaced(path: Path) -> None:
    own_listener(path).close()
    assert path.exists()
    with own_listener(path), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
        peer.connect(str(path))


def test_a_socket_that_somebody_listens_at_is_left_alone(path: Path) -> None:
    with own_listener(path), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
        with pytest.raises(Problem, match="another daemon listens"):
            own_listener(path)
        peer.connect(str(path))


def test_one_that_is_too_busy_to_answer_is_one_that_listens(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_listener, "BACKLOG", 0)
    with own_listener(path), ExitStack() as stack:
        with suppress(BlockingIOError):
            while True:
                peer = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK))
                peer.connect(str(path))
        with pytest.raises(Problem, match="another daemon listens"):
            own_listener(path)


def test_what_is_no_socket_is_left_alone(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(Problem, match="is not a socket"):
        own_listener(path)
    assert path.read_text() == "mine"


def test_a_place_where_none_can_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match=r"cannot listen at .* \(File exists\)"):
        own_listener(tmp_path / "file" / "pam.sock")
