"""A connection alone: whose turn it is, and what is told to whom."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.service.connection import Connection, ConnectionCallbacks
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError, compose
from tests.support.expected_calls import ANY, Call, ExpectedCalls

PID, UID = 4711, 1000
LOGIN = Record(Event.PROTOCOL_BROKEN, 0, "alice", "sshd", "192.0.2.1")
HELLO = Message("hello", {"a": "1"})
PACKET = compose("hello", {"a": "1"})


class Ends:
    """A connection whose surroundings are doubles, and the peer's end."""

    def __init__(self, calls: ExpectedCalls) -> None:
        self.calls = calls
        self.now = 100.0
        mine, self.peer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.peer.settimeout(1)
        server = calls.double("server")
        callbacks = ConnectionCallbacks(
            server.take_first, server.forget, server.audit, server.answered, lambda: self.now
        )
        self.connection = Connection(callbacks, mine, PID, UID)
        self.partner = calls.double("partner", about=LOGIN)

    def expect_broken(self) -> Call:
        """Let the conversation be audited as broken, and closed."""
        broken = self.calls.expect("server.audit", ANY)
        self.calls.expect("server.forget", self.connection)
        return broken

    def close(self) -> None:
        self.peer.close()
        self.connection.sock.close()


@pytest.fixture
def ends(calls: ExpectedCalls) -> Iterator[Ends]:
    with closing(Ends(calls)) as made:
        yield made


def test_the_first_message_goes_to_whoever_accepted(ends: Ends) -> None:
    ends.calls.expect("server.take_first", ends.connection, HELLO)
    ends.peer.send(PACKET)
    ends.connection.readable()


def test_further_messages_go_to_the_partner(ends: Ends) -> None:
    ends.connection.partner = ends.partner
    ends.calls.expect("partner.take", HELLO)
    ends.peer.send(PACKET)
    ends.connection.readable()


def test_one_message_is_taken_each_time(ends: Ends) -> None:
    ends.peer.send(PACKET)
    ends.peer.send(PACKET)
    for _ in range(2):
        ends.calls.expect("server.take_first", ends.connection, HELLO)
        ends.connection.readable()
    ends.connection.readable()


@pytest.mark.parametrize("talking", [False, True])
def test_promise_11_a_message_out_of_turn_reaches_nobody_and_ends_it(ends: Ends, *, talking: bool) -> None:
    ends.connection.busy = True
    ends.connection.partner = ends.partner if talking else None
    broken = ends.expect_broken()
    ends.peer.send(PACKET)
    ends.connection.readable()
    assert broken.arguments[0].reason == f"message out of turn (peer uid {UID})"


def test_a_broken_conversation_is_audited_with_its_login(ends: Ends) -> None:
    ends.connection.partner = ends.partner
    broken = ends.expect_broken()
    ends.connection.broken("silent for too long")
    (record,) = broken.arguments
    assert replace(record, at=0) == replace(
        LOGIN, decision=Decision.DENY, rule="protocol", reason=f"silent for too long (peer uid {UID})"
    )


def test_what_the_partner_does_not_understand_ends_it(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_message: Message) -> None:
        raise ProtocolError("answer without a question")

    monkeypatch.setattr(ends.partner, "take", refuse, raising=False)
    ends.connection.partner = ends.partner
    broken = ends.expect_broken()
    ends.peer.send(PACKET)
    ends.connection.readable()
    assert broken.arguments[0].reason.startswith("answer without a question")


@pytest.mark.parametrize(
    ("packet", "reason"),
    [(b"hello\0nothing", "field without key and value"), (b"x" * (MESSAGE_MAX + 1), "message too long")],
)
def test_promise_11_what_is_no_message_ends_it(ends: Ends, packet: bytes, reason: str) -> None:
    broken = ends.expect_broken()
    ends.peer.send(packet)
    ends.connection.readable()
    assert broken.arguments[0].reason.startswith(reason)


def test_who_hangs_up_before_the_first_message_is_forgotten(ends: Ends) -> None:
    ends.calls.expect("server.forget", ends.connection)
    ends.peer.close()
    ends.connection.readable()


def test_the_partner_hears_of_who_hangs_up_at_a_question(ends: Ends) -> None:
    ends.connection.partner = ends.partner
    ends.calls.expect("partner.hung_up")
    ends.peer.close()
    ends.connection.readable()


def test_who_hangs_up_while_an_answer_is_worked_out_is_forgotten(ends: Ends) -> None:
    ends.connection.partner = ends.partner
    ends.connection.busy = True
    ends.calls.expect("server.forget", ends.connection)
    ends.peer.close()
    ends.connection.readable()


def test_an_answer_makes_it_the_peers_turn_and_is_timed_from_the_message(ends: Ends) -> None:
    ends.calls.expect("server.take_first", ends.connection, HELLO)
    ends.peer.send(PACKET)
    ends.now = 200.0
    ends.connection.readable()
    assert ends.connection.last_heard == 200.0
    ends.connection.busy = True
    ends.now = 200.25
    ends.calls.expect("server.answered", b"ask", 0.25)
    ends.connection.say(b"ask")
    assert not ends.connection.busy
    assert ends.peer.recv(100) == b"ask"


def test_the_last_answer_is_sent_before_the_place_is_given_back(ends: Ends) -> None:
    ends.calls.expect("server.answered", b"end", 0.0)
    ends.calls.expect("server.forget", ends.connection)
    ends.connection.say_last(b"end")
    assert ends.peer.recv(100) == b"end"


def test_who_is_gone_when_the_answer_comes_is_forgotten(ends: Ends) -> None:
    ends.peer.close()
    ends.calls.expect("server.answered", b"ask", 0.0)
    ends.calls.expect("server.forget", ends.connection)
    ends.connection.say(b"ask")


def test_who_does_not_take_answers_is_forgotten_and_not_waited_for(ends: Ends) -> None:
    ends.connection.sock.setblocking(True)
    packet = bytes(MESSAGE_MAX)
    with contextlib.suppress(BlockingIOError):
        while True:
            ends.connection.sock.send(packet, socket.MSG_DONTWAIT)
    ends.calls.expect("server.answered", packet, 0.0)
    ends.calls.expect("server.forget", ends.connection)
    ends.connection.say(packet)
