"""The socket: who has a place, and how long somebody silent keeps it."""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.service import server as service_server
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.server import CONNECTIONS_PER_STRANGER, STRANGERS_MAX, Admit, Server
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
    made = _server(loop, Listener(path, []), log)
    with closing(made):
        made.start()
        yield made


OPEN = {"v": "1", "phase": "auth", "slot": "main", "service": "sshd", "user": "alice"}


class Listener(socket.socket):
    """A listening socket that first meets some errors."""

    def __init__(self, path: Path, errors: list[OSError]) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.bind(str(path))
        self.listen(64)
        self._errors = errors

    def _accept(self) -> tuple[int, object]:
        if self._errors:
            raise self._errors.pop(0)
        return super()._accept()  # type: ignore[misc,no-any-return]  # of socket.socket's base


def at_once(loop: Loop, delay: float) -> Callable[..., object]:
    """`call_later` for which this delay has passed already."""
    call_later = loop.call_later

    def call(seconds: float, *call: Any) -> object:
        return call_later(0.0 if seconds == delay else seconds, *call)

    return call


def _nobody_logs_in(_connection: Connection, _login: Login, *, alone: bool) -> None:
    pytest.fail(f"a login, {alone=}")


def _server(loop: Loop, listener: socket.socket, log: Log, admit: Admit = _nobody_logs_in) -> Server:
    def never_answered(_connection: Connection, _message: Message) -> None:
        pass

    return Server(
        loop,
        listener,
        admit=admit,
        root_verbs={"wait": never_answered},
        audit=log.write,
        answered=lambda _packet, _seconds: None,
    )


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


def test_promise_11_without_descriptors_whoever_comes_waits_in_the_backlog(
    loop: Loop, path: Path, log: Log, peers: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look finds no descriptor left; a moment later there are some."""
    strangers(monkeypatch, [0])
    listener = Listener(path, [OSError(errno.EMFILE, "Too many open files")])
    server = _server(loop, listener, log)
    monkeypatch.setattr(loop, "call_later", at_once(loop, 1.0))
    with closing(server):
        server.start()
        peer = connect(peers, path, loop)
        assert server.connections == 0
        assert not is_closed(peer)
        run(loop)
        assert server.connections == 1


@pytest.mark.parametrize("error", [BlockingIOError, InterruptedError])
def test_a_peer_that_went_before_it_was_accepted_stops_nothing(
    loop: Loop, path: Path, log: Log, peers: ExitStack, error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers(monkeypatch, [0])
    with closing(_server(loop, Listener(path, [error()]), log)) as server:
        server.start()
        connect(peers, path, loop)
        run(loop)
        assert server.connections == 1


def test_a_peer_whose_credentials_are_not_known_is_closed(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Credentials:
        size = service_server._UCRED.size

        def unpack(self, _packed: bytes) -> tuple[int, int, int]:
            raise OSError

    monkeypatch.setattr(service_server, "_UCRED", Credentials())
    assert is_closed(connect(peers, path, loop))
    assert server.connections == 0


def test_promise_11_no_more_are_accepted_in_a_turn_than_so_many(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_server, "ACCEPTS_A_TURN", 2)
    strangers(monkeypatch, [0] * 3)
    for _ in range(3):
        peer = peers.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        peer.connect(str(path))
    server._accept()
    assert server.connections == 2
    server._accept()
    assert server.connections == 3


def test_after_a_stop_new_connections_are_left_in_the_backlog_and_the_others_go_on(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers(monkeypatch, [0, 0])
    before = connect(peers, path, loop)
    server.stop_accepting()
    after = connect(peers, path, loop)
    run(loop)
    assert server.connections == 1
    assert not is_closed(before)
    assert not is_closed(after)


def test_closing_ends_every_conversation_and_the_sweep(
    loop: Loop, path: Path, log: Log, peers: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_server, "SWEEP_SECONDS", TURN)
    strangers(monkeypatch, [0, 1_001])
    server = _server(loop, Listener(path, []), log)
    server.start()
    held = [connect(peers, path, loop) for _ in range(2)]
    server.close()
    assert [is_closed(peer) for peer in held] == [True, True]
    assert server.connections == 0
    monkeypatch.setattr(server, "_sweep", lambda: pytest.fail("it is closed"))
    monkeypatch.setattr(service_server, "IDLE_SECONDS", -1.0)
    sweeps: list[float] = []
    monkeypatch.setattr(loop, "call_later", lambda delay, *_: sweeps.append(delay))
    loop.call_at(loop.time() + 3 * TURN, loop.stop)
    loop.run_forever()
    assert sweeps == [], "nothing is swept any more"


def test_a_connection_is_forgotten_once(
    server: Server, peers: ExitStack, path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers(monkeypatch, [1_001, 1_001])
    for _ in range(2):
        connect(peers, path, loop)
    connection = next(iter(server._connections))
    server.forget(connection)
    server.forget(connection)
    assert server._strangers == {1_001: 1}
    assert connection.partner is None
    server.forget(next(iter(server._connections)))
    assert server._strangers == {}, "a uid without connections takes no memory"


@pytest.mark.parametrize("others", [0, 1])
def test_a_login_is_told_whether_it_is_alone(
    loop: Loop, path: Path, log: Log, peers: ExitStack, others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers(monkeypatch, [0] * (others + 1))
    logins: list[tuple[str, bool]] = []

    def admit(_connection: Connection, login: Login, *, alone: bool) -> None:
        logins.append((login.user, alone))

    with closing(_server(loop, Listener(path, []), log, admit)) as server:
        server.start()
        for _ in range(others):
            connect(peers, path, loop)
        connect(peers, path, loop).send(compose("open", OPEN))
        run(loop)
    assert logins == [("alice", others == 0)]
