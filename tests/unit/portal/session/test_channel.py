"""Messages of the portal, and answers that are wiped."""

import socket
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from rw2fa_daemon.wire.message import ProtocolError, compose
from rw2fa_portal.protocol import REPLY_MAX
from rw2fa_portal.session.channel import Channel, Gone


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    ours, portal = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, portal:
        yield Channel(ours, end=10.0, clock=lambda: 0.0), portal


def test_an_answer_is_taken_as_bytes(ends: tuple[Channel, socket.socket]) -> None:
    channel, portal = ends
    portal.send(compose("reply", {"n": "1", "value": "pass=wörd, with a value="}))
    assert channel.receive_reply(1, 1.0) == "pass=wörd, with a value=".encode()


def test_an_answer_may_stand_before_its_number_and_may_be_empty(ends: tuple[Channel, socket.socket]) -> None:
    channel, portal = ends
    portal.send(compose("reply", {"value": "", "n": "2"}))
    assert channel.receive_reply(2, 1.0) == b""


def test_an_answer_has_a_greatest_length(ends: tuple[Channel, socket.socket]) -> None:
    channel, portal = ends
    portal.send(compose("reply", {"n": "1", "value": "x" * REPLY_MAX}))
    assert len(channel.receive_reply(1, 1.0)) == REPLY_MAX
    portal.send(compose("reply", {"n": "1", "value": "x" * (REPLY_MAX + 1)}))
    with pytest.raises(ProtocolError, match="too long"):
        channel.receive_reply(1, 1.0)


@pytest.mark.parametrize(
    "packet",
    [
        compose("reply", {"n": "2", "value": "x"}),
        compose("reply", {"value": "x"}),
        compose("look", {"n": "1", "value": "x"}),
        b"reply\0n=1\0value=x\0value=y",
        b"\0value=x",
        b"x" * 16_385,
    ],
    ids=["another question", "no number", "another verb", "two answers", "no verb", "too long"],
)
def test_what_is_no_answer_to_the_question_ends_it(ends: tuple[Channel, socket.socket], packet: bytes) -> None:
    channel, portal = ends
    portal.send(packet)
    with pytest.raises(ProtocolError):
        channel.receive_reply(1, 1.0)


def test_nobody_answers(ends: tuple[Channel, socket.socket]) -> None:
    channel, portal = ends
    portal.send(compose("reply", {"n": "1", "none": "eof"}))
    with pytest.raises(Gone):
        channel.receive_reply(1, 1.0)
    with pytest.raises(Gone, match="silent"):
        channel.receive_reply(1, 0.01)
    portal.close()
    with pytest.raises(Gone, match="closed"):
        channel.receive()
    with pytest.raises(Gone):
        channel.send("look", {})


def test_the_end_of_its_time_is_the_end_of_the_channel() -> None:
    now = 0.0
    ours, portal = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, portal:
        channel = Channel(ours, end=10.0, clock=lambda: now)
        now = 10.0
        portal.send(compose("look", {}))
        with pytest.raises(Gone, match="out of time"):
            channel.receive()
        channel.extend(20.0)
        assert channel.receive().verb == "look"


class _Watched:
    """A connection that keeps the buffers into which something was received."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.buffers: list[bytearray] = []

    def settimeout(self, seconds: float) -> None:
        self._connection.settimeout(seconds)

    def recv_into(self, buffer: bytearray) -> int:
        self.buffers.append(buffer)
        return self._connection.recv_into(buffer)


@pytest.mark.parametrize("number", [1, 2], ids=["taken", "not the answer"])
def test_promise_3_nothing_of_an_answer_is_left_in_the_buffer_that_it_came_in(
    ends: tuple[Channel, socket.socket], number: int
) -> None:
    channel, portal = ends
    channel._connection = watched = _Watched(channel._connection)  # type: ignore[assignment]  # has what is called
    portal.send(compose("reply", {"n": "1", "value": "the password"}))
    with nullcontext() if number == 1 else pytest.raises(ProtocolError):
        assert channel.receive_reply(number, 1.0) == b"the password"
    portal.send(compose("reply", {"n": "1", "value": "the password"}))
    assert channel.receive(1.0).fields["value"] == "the password"
    assert [any(buffer) for buffer in watched.buffers] == [False, False]
