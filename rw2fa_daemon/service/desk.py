"""Where the jobs of one turn of the event loop become one transaction."""

from collections.abc import Callable
from typing import Protocol

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.moves import Move
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import Job, StateProblem

Work = Callable[[Account | None], Move]


class Done(Protocol):
    """Gets what a job led to, after it is durable."""

    def __call__(self, outcome: Move | StateProblem, /) -> None: ...


class Desk:
    """Collects jobs and runs them together, so that logins share a commit.

    The transaction runs in the event loop: whatever arrives meanwhile waits in the sockets and
    goes into the next one. Handing it to a thread was measured, and costs a third of the rate.
    """

    def __init__(self, loop: Loop, state: State) -> None:
        self._loop = loop
        self._state = state
        self._waiting: list[tuple[Job[Move], Done]] = []

    def submit(self, name: str, work: Work, done: Done) -> None:
        """Run `work` on the account of `name` in the next transaction, then call `done`."""
        if not self._waiting:
            self._loop.call_soon(self._run)
        self._waiting.append((Job(name, lambda account: _stored(work(account))), done))

    def _run(self) -> None:
        batch, self._waiting = self._waiting, []
        outcomes = self._state.run([job for job, _ in batch])
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            done(outcome)


def _stored(move: Move) -> tuple[Account | None, Move]:
    return move.account, move
