"""Slow hashing, away from the loop: a bounded amount of it, and one thing at a time for each user."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from queue import SimpleQueue
from typing import Final, TypeVar

from rw2fa_daemon.service.loop import Loop

THREADS: Final = 2
WAITING_MAX: Final = 100
"""Hashes of all users under way or next: one to two seconds, of the three that the hook waits. Further ones are
refused."""

TURNS_PER_USER_MAX: Final = 10
"""Turns of one user, the present one included. They wait for each other, and no other user waits for them."""

R = TypeVar("R")


class Full(Enum):
    """Why there is no turn."""

    USER = "the user has too many turns ahead"
    HOST = "too many users wait"


class Turn:
    """A user's turn. It lasts until what was hashed is judged, so that the next one meets the lock that came of it."""

    __slots__ = ("_over", "_pool", "begin", "hashes", "refused", "user")

    def __init__(
        self,
        pool: "HashingPool",
        user: str,
        hashes: int,
        begin: Callable[["Turn"], None],
        refused: Callable[[Full], None],
    ) -> None:
        self._pool = pool
        self._over = False
        self.user: Final = user
        self.hashes: Final = hashes
        self.begin: Final = begin
        self.refused: Final = refused

    def hash(self, work: Callable[[], R], done: Callable[[R], None]) -> None:
        """Do `work` in a thread and call `done`, in the loop, with what it gave; the turn is over after that.

        What `work` or `done` raises is reported by the loop, and takes nothing else with it.
        """
        self._pool.submit(self, work, done)

    def end(self) -> None:
        """Let the next one begin; a second time does nothing."""
        if not self._over:
            self._over = True
            self._pool.ended(self)


class HashingPool:
    """A few threads for hashing that is slow on purpose.

    Users are served in the order in which they come, one turn each: one who asks for hundreds of hashes waits for
    their own, and takes one place from the others.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hashing")
        self._finished: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_up = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._hashes = 0
        self._turns: dict[str, deque[Turn]] = {}
        """By user, the present one first."""
        loop.add_reader(self._wake_up, self._woken)

    def take_turn(
        self, user: str, begin: Callable[[Turn], None], refused: Callable[[Full], None], hashes: int = 1
    ) -> None:
        """Call `begin` when it is this user's turn to have `hashes` codes hashed, or `refused` if they get none."""
        turns = self._turns.setdefault(user, deque())
        if len(turns) >= TURNS_PER_USER_MAX:
            refused(Full.USER)
            return
        turn = Turn(self, user, hashes, begin, refused)
        turns.append(turn)
        if len(turns) == 1:
            self._begin(turn)

    def submit(self, turn: Turn, work: Callable[[], R], done: Callable[[R], None]) -> None:
        """See Turn.hash."""

        def finished() -> None:
            # After what `done` brings about in the next turn of the loop.
            self._loop.call_soon(self._loop.call_soon, turn.end)
            done(future.result())

        future = self._threads.submit(work)
        future.add_done_callback(lambda _: self._finish(finished))

    def ended(self, turn: Turn) -> None:
        """See Turn.end."""
        self._hashes -= turn.hashes
        self._leave(turn)

    def close(self) -> None:
        """Wait for what is under way, and forget what waits."""
        self._threads.shutdown(cancel_futures=True)
        self._loop.remove_reader(self._wake_up)
        os.close(self._wake_up)

    def _begin(self, turn: Turn) -> None:
        if self._hashes + turn.hashes > WAITING_MAX:
            self._leave(turn)
            turn.refused(Full.HOST)
            return
        self._hashes += turn.hashes
        try:
            turn.begin(turn)
        except Exception:
            turn.end()
            raise

    def _leave(self, turn: Turn) -> None:
        turns = self._turns[turn.user]
        turns.popleft()
        if turns:
            self._loop.call_soon(self._begin, turns[0])
        else:
            del self._turns[turn.user]

    def _finish(self, tell: Callable[[], None]) -> None:
        """In the thread that has done the work."""
        self._finished.put(tell)
        os.eventfd_write(self._wake_up, 1)

    def _woken(self) -> None:
        os.eventfd_read(self._wake_up)
        while not self._finished.empty():
            self._loop.call_soon(self._finished.get())
