"""Work of some milliseconds in the loop, done in pieces: other events are served in between."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

from rw2fa_daemon.service.loop import Loop

WAITING_MAX: Final = 64
"""Jobs under way or waiting: a third of a second at most, of the three that the hook waits."""

R = TypeVar("R")


class Pieces(Generic[R]):
    """Does one thing after the other, one piece a turn of the loop. A thread would hold the interpreter for longer."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._waiting: deque[tuple[Iterator[R | None], Callable[[R | None], None]]] = deque()

    def run(self, work: Iterator[R | None], done: Callable[[R | None], None]) -> bool:
        """Call `done` with the first outcome of `work` that is not None, or None at its end. False: too much waits."""
        if len(self._waiting) >= WAITING_MAX:
            return False
        self._waiting.append((work, done))
        if len(self._waiting) == 1:
            self._loop.call_soon(self._next)
        return True

    def _next(self) -> None:
        work, done = self._waiting[0]
        ended, outcome = True, None
        try:
            ended, outcome = _piece(work)
        finally:
            if ended:
                self._waiting.popleft()
            if self._waiting:
                self._loop.call_soon(self._next)
        if ended:
            done(outcome)


def _piece(work: Iterator[R | None]) -> tuple[bool, R | None]:
    """Whether that was all, and what came of it."""
    for outcome in work:
        return outcome is not None, outcome
    return True, None
