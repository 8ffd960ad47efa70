"""Slow work, away from the loop, a bounded amount of it."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final, TypeVar

from rw2fa_daemon.service.loop import Loop

THREADS: Final = 2
WAITING_MAX: Final = 64
"""Pieces of work under way or waiting; whoever comes then is refused."""

R = TypeVar("R")


class Slow:
    """A few threads for hashing that is slow on purpose."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="slow")
        self._finished: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_up = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waiting = 0
        loop.add_reader(self._wake_up, self._woken)

    def run(self, work: Callable[[], R], done: Callable[[R], None]) -> bool:
        """Do `work` in a thread and call `done`, in the loop, with what it gave; False if there is too much already.

        What `work` or `done` raises is reported by the loop, and takes nothing else with it.
        """
        if self._waiting >= WAITING_MAX:
            return False
        self._waiting += 1
        self._threads.submit(work).add_done_callback(lambda future: self._finish(lambda: done(future.result())))
        return True

    def close(self) -> None:
        """Wait for what is under way, and forget what waits."""
        self._threads.shutdown(cancel_futures=True)
        self._loop.remove_reader(self._wake_up)
        os.close(self._wake_up)

    def _finish(self, tell: Callable[[], None]) -> None:
        """In the thread that has done the work."""
        self._finished.put(tell)
        os.eventfd_write(self._wake_up, 1)

    def _woken(self) -> None:
        os.eventfd_read(self._wake_up)
        while not self._finished.empty():
            self._waiting -= 1
            self._loop.call_soon(self._finished.get())
