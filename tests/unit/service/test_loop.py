"""The event loop, with real descriptors, timers and signals."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from rw2fa_daemon.service.loop import CANCELLED_MAX, Loop
from tests.unit.service.conftest import LOOP_SECONDS

SOON = 0.01
LATER = 0.05


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


def fail() -> None:
    raise ValueError("JBSWY3DPEHPK3PXP")


def test_timers_are_called_in_order_of_their_times(loop: Loop) -> None:
    called: list[str] = []
    loop.call_later(LATER, called.append, "later")
    loop.call_later(SOON, called.append, "soon")
    loop.call_at(loop.time() - 1, called.append, "long ago")
    loop.call_later(LATER, loop.stop)
    loop.run_forever()
    assert called == ["long ago", "soon", "later"]


def test_a_timer_is_not_called_before_its_time(loop: Loop) -> None:
    due = loop.time() + LATER
    loop.call_at(due, loop.stop)
    loop.run_forever()
    assert loop.time() >= due


def test_cancelled_timers_are_not_called_and_do_not_pile_up(loop: Loop) -> None:
    called: list[int] = []
    for number in range(50 * CANCELLED_MAX):
        loop.call_later(LATER, called.append, number).cancel()
    assert len(loop._timers) <= 2 * CANCELLED_MAX
    kept = loop.call_later(SOON, called.append, -1)
    loop.call_later(2 * LATER, loop.stop)
    loop.run_forever()
    assert called == [-1]
    kept.cancel()
    kept.cancel()


def test_readers_are_called_while_there_is_something_to_read(
    loop: Loop, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    heard: list[bytes] = []

    def readable() -> None:
        heard.append(ours.recv(10))
        if heard[-1] == b"":
            loop.stop()

    loop.add_reader(ours.fileno(), readable)
    theirs.send(b"one")
    theirs.send(b"two")
    loop.call_later(SOON, theirs.close)
    loop.run_forever()
    assert heard == [b"one", b"two", b""]


def test_a_reader_that_was_removed_in_the_same_turn_is_not_called(loop: Loop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def readable(number: int) -> None:
        called.append(number)
        for ours, _ in pairs:
            loop.remove_reader(ours.fileno())
        loop.stop()

    for number, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours.fileno(), readable, number)
        theirs.send(b"x")
    loop.run_forever()
    assert len(called) == 1
    for ours, theirs in pairs:
        loop.remove_reader(ours.fileno())
        ours.close()
        theirs.close()


def test_what_is_to_be_done_soon_comes_after_all_readers_of_the_turn(loop: Loop) -> None:
    """That is how logins come to share a commit."""
    pairs = [socket.socketpair() for _ in range(3)]
    order: list[str] = []

    def readable(ours: socket.socket) -> None:
        ours.recv(1)
        order.append("read")
        if len(order) == 1:
            loop.call_soon(order.append, "commit")
            loop.call_soon(loop.call_soon, loop.stop)

    for ours, theirs in pairs:
        loop.add_reader(ours.fileno(), readable, ours)
        theirs.send(b"x")
    loop.run_forever()
    assert order == ["read", "read", "read", "commit"]
    for ours, theirs in pairs:
        loop.remove_reader(ours.fileno())
        ours.close()
        theirs.close()


@pytest.mark.parametrize(
    "arrange", [lambda loop: loop.call_soon(fail), lambda loop: loop.call_later(0, fail)], ids=["soon", "timer"]
)
def test_promise_3_a_callback_that_fails_is_reported_without_its_text_and_ends_nothing_else(
    loop: Loop, arrange: Callable[[Loop], None], capsys: pytest.CaptureFixture[str]
) -> None:
    called: list[str] = []
    arrange(loop)
    loop.call_later(SOON, called.append, "went on")
    loop.call_later(LATER, loop.stop)
    loop.run_forever()
    assert called == ["went on"]
    reported = capsys.readouterr().err
    assert "ValueError at test_loop.py:" in reported
    assert "JBSWY3DPEHPK3PXP" not in reported


def test_signals_are_handled_in_the_loop_even_while_it_waits(loop: Loop) -> None:
    called: list[str] = []
    loop.add_signal_handler(signal.SIGUSR1, called.append, "signal")
    loop.add_signal_handler(signal.SIGUSR2, loop.stop)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert called == []
    loop.call_later(SOON, os.kill, os.getpid(), signal.SIGUSR2)
    began = time.monotonic()
    loop.run_forever()
    assert called == ["signal"]
    assert time.monotonic() - began < LOOP_SECONDS / 2


def test_a_loop_that_was_stopped_can_run_again(loop: Loop) -> None:
    for _ in range(2):
        loop.call_soon(loop.stop)
        loop.run_forever()
