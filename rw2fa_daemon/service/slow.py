"""Slow work, away from the loop, a bounded amount of it."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final, TypeVar

from rw2fa_daemon.service.loop import Loop

THREADS: Final = 2
WAITING_MAX: Final = 100
"""Words under way or waiting: one to two seconds, of the three that the hook waits. Whoever comes then is refused."""

R = TypeVar("R")


class Slow:
    """A few threads for hashing that is slow on purpose."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="slow")
        self._finished: SimpleQueue[tuple[int, Callable[[], None]]] = SimpleQueue()
        self._wake_up = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waiting = 0
        loop.add_reader(self._wake_up, self._woken)

    def run(self, work: Callable[[], R], done: Callable[[R], None], words: int = 1) -> bool:
        """Do `work` in a thread and call `done`, in the loop, with what it gave; False if there is too much already.

        `words` is how many it hashes.
        What `work` or `done` raises is reported by the loop, and takes nothing else with it.
        """
        if self._waiting + words > WAITING_MAX:
            return False
        self._waiting += words
        self._threads.submit(work).add_done_callback(lambda future: self._finish(words, lambda: done(future.result())))
        return True

    def close(self) -> None:
        """Wait for what is under way, and forget what waits."""
        self._threads.shutdown(cancel_futures=True)
        self._loop.remove_reader(self._wake_up)
        os.close(self._wake_up)

    def _finish(self, words: int, tell: Callable[[], None]) -> None:
        """In the thread that has done the work."""
        self._finished.put((words, tell))
        os.eventfd_write(self._wake_up, 1)

    def _woken(self) -> None:
        os.eventfd_read(self._wake_up)
        while not self._finished.empty():
            words, tell = self._finished.get()
            self._waiting -= words
            self._loop.call_soon(tell)
