"""A helper at its socket, in this process: who may ask, how much at once, and when it ends."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from rw2fa_daemon.wire import serving
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError, compose, parse
from rw2fa_daemon.wire.serving import Verb, serve

SECONDS = 10.0
LONG = 60.0
SOON = 0.05
US = frozenset({os.getuid()})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "helper.sock"


@contextmanager
def serving_at(
    path: Path, verbs: Mapping[str, Verb], *, peers: frozenset[int] = US, idle: float = LONG
) -> Iterator[threading.Thread]:
    """A helper there; it ends with the block, when its leash is let go."""
    leash, held = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(16)
        thread = threading.Thread(target=serve, args=(listener, peers, verbs, idle, leash))
        thread.start()
        try:
            yield thread
        finally:
            os.close(held)
            thread.join(SECONDS)
            os.close(leash)
            assert not thread.is_alive(), "it goes on without a leash"


def connected(path: Path) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    peer.settimeout(SECONDS)
    peer.connect(str(path))
    return peer


def packets(peer: socket.socket) -> list[Message]:
    """All that is said until the connection is closed."""
    said = []
    while packet := peer.recv(MESSAGE_MAX):
        said.append(parse(packet))
    return said


def ask(path: Path, packet: bytes = compose("count", {"v": "1", "to": "2"})) -> list[Message]:
    with connected(path) as peer:
        peer.send(packet)
        return packets(peer)


def counting(message: Message) -> Iterator[bytes]:
    for number in range(int(message.required("to"))):
        yield compose("number", {"is": str(number)})
    yield compose("done", {})


COUNT = {"count": Verb(counting, at_once=2)}
COUNTED = [Message("number", {"is": "0"}), Message("number", {"is": "1"}), Message("done", {})]


def refused(reason: str) -> list[Message]:
    return [Message("refused", {"reason": reason})]


def test_every_packet_of_the_answer_is_sent_and_then_it_is_over(path: Path) -> None:
    with serving_at(path, COUNT):
        assert ask(path) == COUNTED
        assert ask(path) == COUNTED, "again"


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (compose("add", {"v": "1"}), "unknown verb"),
        (compose("count", {"v": "2", "to": "1"}), "unknown version"),
        (compose("count", {"to": "1"}), "count without v"),
        (compose("count", {"v": "1"}), "count without to"),
        (b"count\0v", "field without key and value"),
        (b"c" * (MESSAGE_MAX + 1), "message too long"),
    ],
)
def test_a_request_that_is_none_is_refused_with_the_reason(path: Path, packet: bytes, reason: str) -> None:
    with serving_at(path, COUNT):
        assert ask(path, packet) == refused(reason)
        assert ask(path) == COUNTED, "whoever comes next is served"


def test_promise_10_only_the_uids_that_may_ask_are_answered(path: Path) -> None:
    with serving_at(path, COUNT, peers=frozenset({os.getuid() + 1})):
        assert ask(path) == refused("not for this user")


class Gate:
    """A verb whose answer waits until the test opens."""

    def __init__(self, at_once: int) -> None:
        self.opened = threading.Event()
        self.begun = threading.Semaphore(0)
        self.verb = Verb(self.answer, at_once)

    def answer(self, _message: Message) -> Iterator[bytes]:
        assert threading.current_thread().daemon, "a request that hangs must not keep the helper from ending"
        self.begun.release()
        assert self.opened.wait(SECONDS)
        yield compose("done", {})


def test_promise_11_each_verb_has_so_many_places_and_gives_them_back(path: Path) -> None:
    gate = Gate(at_once=2)
    packet = compose("wait", {"v": "1"})
    with serving_at(path, {"wait": gate.verb, **COUNT}), ExitStack() as stack:
        peers = [stack.enter_context(connected(path)) for _ in range(2)]
        for peer in peers:
            peer.send(packet)
            assert gate.begun.acquire(timeout=SECONDS)
        assert ask(path, packet) == refused("busy")
        assert ask(path) == COUNTED, "another verb has places of its own"
        gate.opened.set()
        for peer in peers:
            assert packets(peer) == [Message("done", {})]
        assert ask(path, packet) == [Message("done", {})]


def test_promise_11_a_request_that_fails_keeps_no_place(path: Path) -> None:
    def failing(message: Message) -> Iterator[bytes]:
        if "fail" in message.fields:
            raise ProtocolError("no request")
        yield compose("done", {})

    with serving_at(path, {"do": Verb(failing, at_once=1)}):
        assert ask(path, compose("do", {"v": "1", "fail": "yes"})) == refused("no request")
        assert ask(path, compose("do", {"v": "1"})) == [Message("done", {})]


def test_promise_11_more_connections_than_so_many_are_closed_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "CONNECTIONS_MAX", 2)
    gate = Gate(at_once=5)
    packet = compose("wait", {"v": "1"})
    with serving_at(path, {"wait": gate.verb}), ExitStack() as stack:
        for _ in range(2):
            peer = stack.enter_context(connected(path))
            peer.send(packet)
            assert gate.begun.acquire(timeout=SECONDS)
        with connected(path) as third, suppress(BrokenPipeError, ConnectionResetError):
            third.send(packet)
            assert packets(third) == []
        assert not gate.begun.acquire(blocking=False), "its request was not begun"
        gate.opened.set()


def test_promise_11_a_peer_that_says_nothing_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "PATIENCE_SECONDS", SOON)
    with serving_at(path, COUNT), connected(path) as silent:
        assert packets(silent) == []


def test_it_ends_when_nobody_asks(path: Path) -> None:
    began = time.monotonic()
    with serving_at(path, COUNT, idle=SOON) as thread:
        thread.join(SECONDS)
        assert not thread.is_alive()
    assert time.monotonic() - began >= SOON


def test_it_does_not_end_while_it_works_on_an_answer(path: Path) -> None:
    gate = Gate(at_once=1)
    with serving_at(path, {"wait": gate.verb}, idle=SOON) as thread, connected(path) as peer:
        peer.send(compose("wait", {"v": "1"}))
        assert gate.begun.acquire(timeout=SECONDS)
        thread.join(3 * SOON)
        assert thread.is_alive()
        gate.opened.set()
        assert packets(peer) == [Message("done", {})]
        thread.join(SECONDS)
        assert not thread.is_alive()


def test_without_a_leash_only_idleness_ends_it(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(1)
        thread = threading.Thread(target=serve, args=(listener, US, COUNT, 5 * SOON))
        thread.start()
        assert ask(path) == COUNTED
        thread.join(SECONDS)
        assert not thread.is_alive()


@pytest.mark.parametrize("told", ["descriptor", "thread"])
def test_promise_11_where_the_system_has_nothing_left_it_goes_on_later(
    path: Path, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request meets the shortage, and whoever asks after it is served."""
    met = threading.Event()

    def once(real: Callable[..., object], error: Exception) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            if not met.is_set():
                met.set()
                raise error
            return real(*arguments)

        return call

    with serving_at(path, COUNT):
        if told == "thread":
            monkeypatch.setattr(threading.Thread, "start", once(threading.Thread.start, RuntimeError()))
            with connected(path) as peer:
                assert packets(peer) == [], "closed at once"
        else:
            monkeypatch.setattr(socket.socket, "accept", once(socket.socket.accept, OSError(24, "Too many open files")))
            assert ask(path) == COUNTED, "it waited in the backlog"
        assert met.is_set()
        monkeypatch.undo()
        assert ask(path) == COUNTED
