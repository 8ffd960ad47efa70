"""Asking the relay from the event loop: over real sockets, whatever the other end does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.relay_client import RelayClient, Unanswered
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, compose

REQUEST = compose("sms", {"v": "1", "token": "secret"})
ANSWER = compose("text", {"outcome": "sent"})
SOON = 0.1

Behaviour = Callable[[socket.socket], object]


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as made:
        made.bind(str(tmp_path / "relay.sock"))
        made.listen()
        yield made


def ask(loop: Loop, path: Path, seconds: float = 5.0) -> list[Message | Unanswered]:
    """What the one request is told, until nothing more can come."""
    told: list[Message | Unanswered] = []

    def done(answer: Message | Unanswered) -> None:
        told.append(answer)
        loop.call_later(0.05, loop.stop)

    RelayClient(loop, path).ask(REQUEST, seconds, done)
    loop.run_forever()
    return told


def served(
    loop: Loop, listener: socket.socket, path: Path, behaviour: Behaviour, seconds: float = 5.0
) -> list[Message | Unanswered]:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            behaviour(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    told = ask(loop, path, seconds)
    thread.join()
    return told


def test_the_first_message_of_the_answer_is_told_once(loop: Loop, listener: socket.socket, tmp_path: Path) -> None:
    def answer(connection: socket.socket) -> None:
        assert connection.recv(MESSAGE_MAX) == REQUEST
        connection.send(ANSWER)
        with suppress(BrokenPipeError):  # whoever has the first message may be gone by then
            connection.send(compose("done", {}))

    assert served(loop, listener, tmp_path / "relay.sock", answer) == [Message("text", {"outcome": "sent"})]


@pytest.mark.parametrize("said", [b"", b"no=message\0\0", b"x" * (MESSAGE_MAX + 1)])
def test_an_answer_that_is_none_leaves_open_what_was_done(
    loop: Loop, listener: socket.socket, tmp_path: Path, said: bytes
) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(MESSAGE_MAX)
        if said:
            connection.send(said)

    assert served(loop, listener, tmp_path / "relay.sock", answer) == [Unanswered.LOST]


def test_promise_11_a_relay_that_says_nothing_is_waited_for_until_the_deadline(
    loop: Loop, listener: socket.socket, tmp_path: Path
) -> None:
    began = time.monotonic()

    def listen_only(connection: socket.socket) -> None:
        connection.recv(MESSAGE_MAX)
        assert connection.recv(MESSAGE_MAX) == b"", "given up"

    told = served(loop, listener, tmp_path / "relay.sock", listen_only, SOON)
    assert told == [Unanswered.LOST]
    assert time.monotonic() - began >= SOON


def test_where_nobody_listens_nothing_was_done(loop: Loop, listener: socket.socket, tmp_path: Path) -> None:
    assert ask(loop, tmp_path / "nobody.sock") == [Unanswered.NOT_TAKEN]
    listener.close()
    assert ask(loop, tmp_path / "relay.sock") == [Unanswered.NOT_TAKEN]


def test_a_full_backlog_is_tried_again_and_given_up_at_the_deadline(
    loop: Loop, listener: socket.socket, tmp_path: Path
) -> None:
    path = tmp_path / "relay.sock"
    listener.listen(0)
    waiting = []
    while True:
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        waiting.append(peer)
        try:
            peer.connect(str(path))
        except BlockingIOError:
            break
    assert ask(loop, path, SOON) == [Unanswered.NOT_TAKEN]

    def answer() -> None:
        for _ in waiting:
            connection, _ = listener.accept()
            with connection:
                if connection.recv(MESSAGE_MAX) == REQUEST:
                    connection.send(ANSWER)
                    return

    for peer in waiting:
        peer.close()
    thread = threading.Thread(target=answer)
    loop.call_later(0.02, thread.start)
    told = ask(loop, path)
    thread.join()
    assert told == [Message("text", {"outcome": "sent"})]
