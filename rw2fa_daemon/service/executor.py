"""Runs what touches the state: inline for a file on this host, in a thread for a database across a network."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final, Protocol, TypeVar

from rw2fa_daemon.service.loop import Loop

PENDING_MAX: Final = 1_024
"""Jobs under way or waiting; a batch counts as one."""

R = TypeVar("R")


class Executor(Protocol):
    """Runs jobs one at a time."""

    @property
    def here(self) -> bool:
        """Whether jobs run at once, in the loop."""

    def do(self, work: Callable[[], R], done: Callable[[R], None]) -> bool:
        """Run `work`, then call `done` in the loop with its result; False, without running it, if the queue is full."""

    def tell(self, call: Callable[[], None]) -> None:
        """Call in the loop, from any thread."""

    def close(self) -> None:
        """Finish the jobs that wait."""


class InlineExecutor:
    """For a file: a transaction is over before a thread would have begun it (docs/decisions/0001)."""

    here: Final = True

    def do(self, work: Callable[[], R], done: Callable[[R], None]) -> bool:
        """See Executor."""
        done(work())
        return True

    def tell(self, call: Callable[[], None]) -> None:
        """See Executor."""
        call()

    def close(self) -> None:
        """See Executor."""


class ThreadExecutor:
    """For a network: one thread, so that nothing in the state has to be safe for two."""

    here: Final = False

    def __init__(self, loop: Loop) -> None:
        self._loop: Final = loop
        self._thread: Final = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._told: Final[SimpleQueue[Callable[[], None]]] = SimpleQueue()
        self._wake_up: Final = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._pending = 0
        loop.add_reader(self._wake_up, self._woken)

    def do(self, work: Callable[[], R], done: Callable[[R], None]) -> bool:
        """See Executor. What `work` or `done` raises is reported by the loop."""
        if self._pending >= PENDING_MAX:
            return False
        self._pending += 1

        def finished() -> None:
            self._pending -= 1
            done(future.result())

        future = self._thread.submit(work)
        future.add_done_callback(lambda _: self.tell(finished))
        return True

    def tell(self, call: Callable[[], None]) -> None:
        """See Executor."""
        self._told.put(call)
        os.eventfd_write(self._wake_up, 1)

    def close(self) -> None:
        """See Executor. No `done` is called any more."""
        self._thread.shutdown()
        self._loop.remove_reader(self._wake_up)
        os.close(self._wake_up)

    def _woken(self) -> None:
        os.eventfd_read(self._wake_up)
        while not self._told.empty():
            self._loop.call_soon(self._told.get())
