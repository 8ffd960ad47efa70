"""The socket: who has a place, and how long somebody silent keeps it."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.service import server as service_server
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.server import CONNECTIONS_PER_STRANGER, STRANGERS_MAX, Server
from rw2fa_daemon.wire.message import Message, compose

TURN = 0.01


class Log:
    """Keeps the records that it is given."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, record: Record) -> None:
        self.records.append(record)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pam.sock"


@pytest.fixture
def server(loop: Loop, path: Path, log: Log) -> Iterator[Server]:
    """One that takes a verb which it never answers, and looks nobody up."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(str(path))
    listener.listen(64)

    def never_answered(_connection: Connection, _message: Message) -> None:
        pass

    def nobody_logs_in(_connection: Connection, _login: Login, *, alone: bool) -> None:
        pytest.fail(f"a login, {alone=}")

    made = Server(
        loop,
        listener,
        admit=nobody_logs_in,
        root_verbs={"wait": never_answered},
        audit=log.write,
        answered=lambda _packet, _seconds: None,
    )
    with closing(made):
        made.start()
        yield made


@pytest.fixture
def peers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def run(loop: Loop, seconds: float = TURN) -> None:
    loop.call_later(seconds, loop.stop)
    loop.run_forever()


def connect(peers: ExitStack, path: Path, loop: Loop) -> socket.socket:
    """A peer that the server has seen."""
    peer = peers.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    peer.setblocking(False)
    peer.connect(str(path))
    run(loop, 0)
    return peer


def is_closed(peer: socket.socket) -> bool:
    try:
        return peer.recv(1) == b""
    except BlockingIOError:
        return False


def strangers(monkeypatch: pytest.MonkeyPatch, uids: list[int]) -> None:
    """Have those who connect be these, one after the other."""
    coming = iter(uids)

    class Credentials:
        size = service_server._UCRED.size

        def unpack(self, _packed: bytes) -> tuple[int, int, int]:
            uid = next(coming)
            return 1, uid, uid

    monkeypatch.setattr(service_server, "_UCRED", Credentials())


def test_promise_11_a_strangers_seventeenth_connection_is_closed_until_another_goes(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers(monkeypatch, [1_001] * (CONNECTIONS_PER_STRANGER + 2) + [1_002, 0])
    held = [connect(peers, path, loop) for _ in range(CONNECTIONS_PER_STRANGER + 1)]
    assert [is_closed(peer) for peer in held] == [False] * CONNECTIONS_PER_STRANGER + [True]
    held[0].close()
    run(loop)
    assert not is_closed(connect(peers, path, loop)), "its place is free again"
    assert not is_closed(connect(peers, path, loop)), "another's places are another's"
    assert not is_closed(connect(peers, path, loop)), "and root's are root's"
    assert server.connections == CONNECTIONS_PER_STRANGER + 2


def test_promise_11_all_strangers_together_have_so_many_places_and_root_has_more(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [1_000 + number // CONNECTIONS_PER_STRANGER for number in range(STRANGERS_MAX)]
    strangers(monkeypatch, [*crowd, 9_999, 0])
    for _ in crowd:
        assert not is_closed(connect(peers, path, loop))
    assert is_closed(connect(peers, path, loop))
    assert not is_closed(connect(peers, path, loop))
    assert server.connections == STRANGERS_MAX + 1


def test_promise_11_no_more_connections_than_so_many_even_of_root(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_server, "CONNECTIONS_MAX", 3)
    strangers(monkeypatch, [0] * 4)
    assert [is_closed(connect(peers, path, loop)) for _ in range(4)] == [False, False, False, True]
    assert server.connections == 3


def test_promise_11_the_sweep_closes_who_is_silent_and_not_who_waits_for_an_answer(
    server: Server, peers: ExitStack, path: Path, loop: Loop, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers(monkeypatch, [0, 0])
    silent, waiting = connect(peers, path, loop), connect(peers, path, loop)
    waiting.send(compose("wait", {}))
    run(loop)
    monkeypatch.setattr(service_server, "IDLE_SECONDS", -1.0)
    server._sweep()
    assert is_closed(silent)
    assert not is_closed(waiting), "it is our turn: whoever is silent here is the daemon"
    assert [record.reason for record in log.records] == ["silent for too long (peer uid 0)"]
    assert server.connections == 1


def test_promise_11_the_sweep_leaves_who_spoke_lately_and_comes_again(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_server, "SWEEP_SECONDS", TURN)
    strangers(monkeypatch, [0])
    quiet = connect(peers, path, loop)
    server._sweep()
    assert not is_closed(quiet)
    monkeypatch.setattr(service_server, "IDLE_SECONDS", -1.0)
    run(loop, 10 * TURN)
    assert is_closed(quiet)


def test_promise_10_a_verb_of_roots_is_refused_to_others(
    server: Server, peers: ExitStack, path: Path, loop: Loop, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers(monkeypatch, [os.getuid() or 1_001])
    peer = connect(peers, path, loop)
    peer.send(compose("wait", {}))
    run(loop)
    assert is_closed(peer)
    assert [record.rule for record in log.records] == ["protocol"]
    assert server.connections == 0
