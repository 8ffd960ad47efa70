"""Runs the jobs of one turn of the event loop in one transaction."""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol, TypeVar

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.transitions import Transition
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import Job, StateProblem, Store

R = TypeVar("R")

Work = Callable[[Account | None], Transition]


class Done(Protocol):
    """Is given the outcome of a job once it is durable."""

    def __call__(self, outcome: Transition | StateProblem, /) -> None: ...


class _Waiting(NamedTuple):
    name: str
    work: Work
    done: Done


class Batcher:
    """Collects jobs and runs them together, so that logins share a commit.

    The transaction runs in the event loop: whatever arrives meanwhile waits in the sockets and
    goes into the next one. Handing it to a thread was measured, and costs a third of the rate.

    `changed` is told the name of each account that was changed, once that is durable.
    """

    def __init__(self, loop: Loop, state: State, changed: Callable[[str], object]) -> None:
        self._loop: Final = loop
        self._state: Final = state
        self._changed: Final = changed
        self._looks: list[_Waiting] = []
        self._jobs: list[_Waiting] = []

    def submit(self, name: str, work: Work, done: Done) -> None:
        """Run `work` on the account of `name` in the next transaction, then call `done`."""
        self._awake()
        self._jobs.append(_Waiting(name, work, done))

    def look(self, name: str, work: Work, done: Done) -> None:
        """`submit` for work that mostly leaves the account as it is, such as a question.

        It is tried on what is stored, without a transaction, before the jobs of this turn: so users
        who are asked something do not wait for those whose codes are written. Work that turns out to change
        the account is done again, as a job.
        """
        self._awake()
        self._looks.append(_Waiting(name, work, done))

    def _awake(self) -> None:
        if not self._jobs and not self._looks:
            self._loop.call_soon(self._run)

    def call(self, work: Callable[[Store], R], done: Callable[[R | StateProblem], None]) -> None:
        """Do something else with the state, apart from the jobs, then call `done`."""
        self._loop.call_soon(lambda: done(self._state.call(work)))

    def _run(self) -> None:
        if self._looks:
            self._look()
        if self._jobs:
            self._do()

    def _look(self) -> None:
        looks, self._looks = self._looks, []
        accounts = self._state.look([each.name for each in looks])
        for each, account in zip(looks, accounts, strict=True):
            outcome = account if isinstance(account, StateProblem) else tried(each.work, account)
            if outcome is None:
                self._jobs.append(each)
            else:
                each.done(outcome)

    def _do(self) -> None:
        jobs, self._jobs = self._jobs, []
        outcomes = self._state.run([Job(each.name, storing(each.work)) for each in jobs])
        for each, outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, StateProblem):
                each.done(outcome)
                continue
            transition, changed = outcome
            if changed:
                self._changed(each.name)
            each.done(transition)


def tried(work: Work, account: Account | None) -> Transition | None:
    """The transition, if it changes nothing. What is wrong with the work shows when it is done as a job."""
    try:
        transition = work(account)
    except Exception:  # noqa: BLE001 - the transaction meets it again, and tells where it was
        return None
    return transition if transition.account is account else None


def storing(work: Work) -> Callable[[Account | None], tuple[Account | None, tuple[Transition, bool]]]:
    """The work as the store does it: the transition, and whether it changes something."""

    def work_and_store(account: Account | None) -> tuple[Account | None, tuple[Transition, bool]]:
        transition = work(account)
        return transition.account, (transition, transition.account is not account and transition.account != account)

    return work_and_store
