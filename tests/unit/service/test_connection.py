"""One connection between a socket and whoever answers: whose turn it is, and what ends it."""

import socket
from collections.abc import Iterator
from typing import cast

import pytest

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.metrics import Metrics
from rw2fa_daemon.service.server import Server
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError, compose

REPLY = compose("reply", {"n": "1", "value": "123456"})
PID, UID = 4_711, 1_001


class Surroundings:
    """What a connection needs of the server, and what it did with it."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.metrics = Metrics()
        self.audited: list[Record] = []
        self.greeted: list[Message] = []
        self.forgotten = 0

    def audit(self, record: Record) -> None:
        self.audited.append(record)

    def greet(self, _connection: Connection, message: Message) -> None:
        self.greeted.append(message)

    def forget(self, _connection: Connection) -> None:
        self.forgotten += 1

    @property
    def reasons(self) -> list[str]:
        return [record.reason for record in self.audited]


class Login:
    """A partner that takes messages down."""

    about = Record(Event.PROTOCOL_BROKEN, 0, "alice", "sshd")

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.hung_up_on = 0
        self.refuses = ""

    def take(self, message: Message) -> None:
        if self.refuses:
            raise ProtocolError(self.refuses)
        self.taken.append(message)

    def hung_up(self) -> None:
        self.hung_up_on += 1


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        theirs.setblocking(False)
        yield ours, theirs


@pytest.fixture
def around(loop: Loop) -> Surroundings:
    return Surroundings(loop)


@pytest.fixture
def connection(around: Surroundings, pair: tuple[socket.socket, socket.socket]) -> Connection:
    made = Connection(cast(Server, around), pair[0], PID, UID, 0.0)
    made.partner = Login()
    return made


@pytest.fixture
def login(connection: Connection) -> Login:
    assert isinstance(connection.partner, Login)
    return connection.partner


@pytest.fixture
def peer(pair: tuple[socket.socket, socket.socket]) -> socket.socket:
    return pair[1]


def test_promise_11_a_message_that_comes_while_the_login_is_busy_ends_it(
    connection: Connection, login: Login, around: Surroundings, peer: socket.socket
) -> None:
    connection.busy = True
    peer.send(REPLY)
    connection.readable()
    assert (login.taken, around.greeted) == ([], [])
    assert around.forgotten == 1
    (record,) = around.audited
    assert (record.event, record.decision, record.rule) == (Event.PROTOCOL_BROKEN, Decision.DENY, "protocol")
    assert (record.user, record.service) == ("alice", "sshd")
    assert record.reason == f"message out of turn (peer uid {UID})"


def test_promise_11_a_message_before_the_first_one_is_answered_ends_it(
    connection: Connection, around: Surroundings, peer: socket.socket
) -> None:
    connection.partner, connection.busy = None, True
    peer.send(REPLY)
    connection.readable()
    assert (around.greeted, around.forgotten, len(around.audited)) == ([], 1, 1)


def test_a_message_in_turn_goes_to_the_login_and_the_first_one_to_the_server(
    connection: Connection, login: Login, around: Surroundings, peer: socket.socket
) -> None:
    peer.send(REPLY)
    connection.readable()
    assert ([message.verb for message in login.taken], around.greeted) == (["reply"], [])
    assert connection.last_heard > 0
    connection.partner = None
    peer.send(REPLY)
    connection.readable()
    assert ([message.verb for message in around.greeted], len(login.taken)) == (["reply"], 1)
    assert (around.audited, around.forgotten) == ([], 0)


def test_once_it_has_answered_it_is_the_peers_turn(connection: Connection, login: Login, peer: socket.socket) -> None:
    connection.busy = True
    connection.say(b"ask")
    assert peer.recv(MESSAGE_MAX) == b"ask"
    peer.send(REPLY)
    connection.readable()
    assert len(login.taken) == 1


def test_what_the_login_cannot_take_ends_it(
    connection: Connection, login: Login, around: Surroundings, peer: socket.socket
) -> None:
    login.refuses = "another question"
    peer.send(REPLY)
    connection.readable()
    assert (around.reasons, around.forgotten) == ([f"another question (peer uid {UID})"], 1)


@pytest.mark.parametrize("busy", [True, False])
def test_a_peer_that_hangs_up_is_noted_by_a_login_that_waits_for_it(
    connection: Connection, login: Login, around: Surroundings, peer: socket.socket, busy: bool
) -> None:
    connection.busy = busy
    peer.close()
    connection.readable()
    assert (login.hung_up_on, around.forgotten) == ((0, 1) if busy else (1, 0))
    assert around.audited == []


def test_a_peer_that_hangs_up_before_it_said_anything_is_forgotten(
    connection: Connection, around: Surroundings, peer: socket.socket
) -> None:
    connection.partner = None
    peer.close()
    connection.readable()
    assert (around.forgotten, around.audited) == (1, [])


def test_nothing_to_read_changes_nothing(connection: Connection, login: Login, around: Surroundings) -> None:
    connection.readable()
    assert (login.taken, login.hung_up_on, around.forgotten, connection.last_heard) == ([], 0, 0, 0.0)


def test_promise_11_a_message_beyond_the_limit_is_not_read_as_a_shorter_one(
    connection: Connection, login: Login, around: Surroundings, peer: socket.socket
) -> None:
    peer.send(b"reply\0n=1\0value=" + b"1" * MESSAGE_MAX)
    connection.readable()
    assert (login.taken, around.forgotten, len(around.audited)) == ([], 1, 1)


def test_a_peer_that_is_gone_is_forgotten_when_it_is_answered(
    connection: Connection, around: Surroundings, peer: socket.socket
) -> None:
    peer.close()
    connection.say(b"ask")
    assert around.forgotten == 1


def test_the_last_word_is_sent_before_the_connection_is_closed(
    connection: Connection, around: Surroundings, peer: socket.socket
) -> None:
    connection.say_last(b"end")
    assert (peer.recv(MESSAGE_MAX), around.forgotten) == (b"end", 1)
