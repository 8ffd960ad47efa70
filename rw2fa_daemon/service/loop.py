"""The event loop: descriptors that can be read, timers, signals, and callbacks for the end of a turn."""

import heapq
import itertools
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVarTuple

EVENTS_A_TURN: Final = 256
"""Descriptors that are served before timers and what else is to be done; the rest comes next turn."""

CANCELLED_MAX: Final = 256
"""Cancelled timers that may lie about, unless more than half of all are waiting."""

Ts = TypeVarTuple("Ts")
Call = Callable[[], object]


class Timer:
    """Something to be done later, unless it is cancelled before."""

    __slots__ = ("_loop", "call")

    def __init__(self, loop: "Loop", call: Call) -> None:
        self._loop = loop
        self.call: Call | None = call

    def cancel(self) -> None:
        """Do not do it; without effect if it is done already."""
        if self.call is not None:
            self.call = None
            self._loop.note_cancelled()


class Loop:
    """A part of asyncio's event loop under asyncio's names: callbacks, no tasks.

    A connection is a state machine that wants to hear of readable descriptors and passed times, no
    more. What asyncio adds to that for each callback (a context, a handle, a transport that might be
    there) is a fifth of what a login costs the daemon, and importing it takes 8 MiB and a tenth of the
    time in which the daemon must be ready (docs/decisions/0001).

    For one thread, the main one if signals are to be handled.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, Call] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._cancelled = 0
        self._soon: list[Call] = []
        self._signals: dict[int, Call] = {}
        self._wake_up: tuple[socket.socket, socket.socket] | None = None
        self._stopping = False

    def time(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def call_soon(self, callback: Callable[[*Ts], object], *arguments: *Ts) -> None:
        """Call at the end of this turn; when called from there, at the end of the next one."""
        self._soon.append(_bound(callback, arguments))

    def call_later(self, delay: float, callback: Callable[[*Ts], object], *arguments: *Ts) -> Timer:
        """Call once, `delay` seconds from now."""
        return self.call_at(time.monotonic() + delay, callback, *arguments)

    def call_at(self, when: float, callback: Callable[[*Ts], object], *arguments: *Ts) -> Timer:
        """Call once, when `time` reaches `when`."""
        timer = Timer(self, _bound(callback, arguments))
        # The number keeps timers of the same time in order, and timers from being compared.
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def add_reader(self, fd: int, callback: Callable[[*Ts], object], *arguments: *Ts) -> None:
        """Call whenever the descriptor can be read or is at its end; in place of what was called so far."""
        if fd not in self._readers:
            self._epoll.register(fd, select.EPOLLIN)
        self._readers[fd] = _bound(callback, arguments)

    def remove_reader(self, fd: int) -> None:
        """Do so no longer. To be called before the descriptor is closed; without effect for others."""
        if self._readers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def forget_reader(self, fd: int) -> None:
        """`remove_reader` for a descriptor that is closed next, which the kernel then takes out by itself (epoll(7)).

        Not for one that another process, or a duplicate, keeps open.
        """
        self._readers.pop(fd, None)

    def add_signal_handler(self, number: int, callback: Callable[[*Ts], object], *arguments: *Ts) -> None:
        """Call, from the loop, after the process got that signal."""
        if self._wake_up is None:
            self._wake_up = socket.socketpair()
            for end in self._wake_up:
                end.setblocking(False)
            signal.set_wakeup_fd(self._wake_up[1].fileno(), warn_on_full_buffer=False)
            self.add_reader(self._wake_up[0].fileno(), self._woken)
        self._signals[number] = _bound(callback, arguments)
        # Python must handle it for the number to be written to the socket.
        signal.signal(number, _nothing)
        signal.siginterrupt(number, False)

    def note_cancelled(self) -> None:
        """Called by a timer. Cancelled ones leave the heap when their time comes, or when they are most of it."""
        self._cancelled += 1
        if self._cancelled > CANCELLED_MAX and self._cancelled > len(self._timers) // 2:
            self._timers = [entry for entry in self._timers if entry[2].call is not None]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def stop(self) -> None:
        """Leave `run_forever` at the end of this turn."""
        self._stopping = True

    def run_forever(self) -> None:
        """Call back until `stop`. An exception in a callback is reported and ends that callback alone."""
        while not self._stopping:
            for fd, _ in self._epoll.poll(self._patience(), EVENTS_A_TURN):
                # One that another callback of this turn removed is not there any more.
                if (reader := self._readers.get(fd)) is not None:
                    self._call(reader)
            self._call_due()
            soon, self._soon = self._soon, []
            for call in soon:
                self._call(call)
        self._stopping = False

    def close(self) -> None:
        """Let go of the descriptors that are the loop's own, and of the signals."""
        for number in self._signals:
            signal.signal(number, signal.SIG_DFL)
        if self._wake_up is not None:
            signal.set_wakeup_fd(-1)
            for end in self._wake_up:
                end.close()
        self._epoll.close()

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report an error on standard error: `message`, and the `exception` by type and place.

        Not its text, which may quote a secret (promise 3).
        """
        error = context.get("exception")
        sys.stderr.write(f"rw2fad: {context['message']}: {_described(error)}\n")

    def _patience(self) -> float | None:
        """How long to wait for a descriptor, in seconds; None for ever."""
        if self._soon:
            return 0.0
        if not self._timers:
            return None
        return max(0.0, self._timers[0][0] - time.monotonic())

    def _call_due(self) -> None:
        if not self._timers:
            return
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if timer.call is None:
                self._cancelled -= 1
            else:
                call, timer.call = timer.call, None
                self._call(call)

    def _call(self, call: Call) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 -- one login's fault must not end all others
            self.call_exception_handler({"message": "a callback failed; please report this line", "exception": error})

    def _woken(self) -> None:
        assert self._wake_up is not None
        for number in self._wake_up[0].recv(4096):
            if (call := self._signals.get(number)) is not None:
                call()


def _bound(callback: Callable[[*Ts], object], arguments: tuple[*Ts]) -> Call:
    """The call with its arguments; most have none, and are themselves."""
    return (lambda: callback(*arguments)) if arguments else callback


def _nothing(_number: int, _frame: object) -> None:
    """Stands in for a handler: what is to be done is done from the loop."""


def _described(error: object) -> str:
    trace: TracebackType | None = error.__traceback__ if isinstance(error, BaseException) else None
    where = "?"
    while trace is not None:
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {where}"
