"""The batcher for a state across a network: no login waits for it longer than it may."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from rw2fa_daemon.core.transitions import Transition
from rw2fa_daemon.service.batcher import Batcher, Done, Work, storing, tried
from rw2fa_daemon.service.executor import Executor
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import Job, StateProblem, Store

R = TypeVar("R")

ANSWER_SECONDS: Final = 1.8
"""After this a login is told that its code cannot be judged: before xrdp's two seconds are over, so that the login ends
with the reason, which is audited here."""
LOOK_SECONDS: Final = 0.1
"""How often overdue answers are looked for."""
WAITING_MAX: Final = 4_096
"""As many as there may be connections."""
AT_ONCE: Final = 256
"""In one transaction: each name takes a lock in a table of the server's that is not endless
(max_locks_per_transaction times max_connections, 6,400 by default)."""

LATE: Final = StateProblem("the database does not answer in time", "see `rw2fa status`; a second attempt may succeed")
CROWDED: Final = StateProblem("too many wait for the database", "look why it is slow; see `rw2fa status`")


class _Waiting:
    """A job that waits for its answer, or has been given one."""

    __slots__ = ("answered", "changes", "done", "name", "until", "work")

    def __init__(self, name: str, work: Any, done: Callable[[Any], object], until: float, *, changes: bool) -> None:  # noqa: ANN401 - a job's or a call's
        self.name = name
        self.work = work
        self.done = done
        self.until = until
        self.changes = changes
        self.answered = False

    def answer(self, outcome: object) -> None:
        """Answer, once."""
        if not self.answered:
            self.answered = True
            self.done(outcome)


class RemoteBatcher(Batcher):
    """Sends what has gathered while the last transaction ran, as the next one.

    An answer that comes too late is thrown away: a login that was refused in the meantime stays refused, and a code
    that was accepted all the same is spent.
    """

    def __init__(self, loop: Loop, state: State, changed: Callable[[str], object], executor: Executor) -> None:
        super().__init__(loop, state, changed)
        self._executor: Final = executor
        self._gathered: deque[_Waiting] = deque()
        self._unanswered: deque[_Waiting] = deque()
        """In the order of their deadlines."""
        self._under_way = False
        self._watching = False

    def submit(self, name: str, work: Work, done: Done) -> None:
        """See Batcher."""
        self._gather(name, work, done, changes=True)

    def look(self, name: str, work: Work, done: Done) -> None:
        """See Batcher."""
        self._gather(name, work, done, changes=False)

    def call(self, work: Callable[[Store], R], done: Callable[[R | StateProblem], None]) -> None:
        """See Batcher."""
        waiting = self._watched("", work, done, changes=False)
        if not self._executor.do(lambda: self._state.call(work), waiting.answer):
            waiting.answer(CROWDED)

    def _gather(self, name: str, work: Work, done: Done, *, changes: bool) -> None:
        waiting = self._watched(name, work, done, changes=changes)
        if len(self._gathered) >= WAITING_MAX:
            self._loop.call_soon(waiting.answer, CROWDED)
            return
        if not self._gathered and not self._under_way:
            self._loop.call_soon(self._send)
        self._gathered.append(waiting)

    def _watched(self, name: str, work: Any, done: Callable[[Any], object], *, changes: bool) -> _Waiting:  # noqa: ANN401 - as above
        waiting = _Waiting(name, work, done, self._loop.time() + ANSWER_SECONDS, changes=changes)
        self._unanswered.append(waiting)
        if not self._watching:
            self._watching = True
            self._loop.call_later(LOOK_SECONDS, self._watch)
        return waiting

    def _watch(self) -> None:
        now = self._loop.time()
        while self._unanswered and (self._unanswered[0].answered or self._unanswered[0].until <= now):
            self._unanswered.popleft().answer(LATE)
        self._watching = bool(self._unanswered)
        if self._watching:
            self._loop.call_later(LOOK_SECONDS, self._watch)

    def _send(self) -> None:
        batch: list[_Waiting] = []
        while self._gathered and len(batch) < AT_ONCE:
            waiting = self._gathered.popleft()
            if not waiting.answered:
                batch.append(waiting)
        if not batch:
            return

        def came(outcomes: Sequence[tuple[Transition, bool] | StateProblem]) -> None:
            self._under_way = False
            if self._gathered:
                # Before the answers are given, which takes time too.
                self._send()
            for waiting, outcome in zip(batch, outcomes, strict=True):
                self._tell(waiting, outcome)

        self._under_way = self._executor.do(lambda: self._run_batch(batch), came)
        if not self._under_way:
            for waiting in batch:
                waiting.answer(CROWDED)

    def _tell(self, waiting: _Waiting, outcome: tuple[Transition, bool] | StateProblem) -> None:
        if isinstance(outcome, StateProblem):
            waiting.answer(outcome)
            return
        transition, changed = outcome
        if changed:
            self._changed(waiting.name)
        waiting.answer(transition)

    def _run_batch(self, batch: Sequence[_Waiting]) -> Sequence[tuple[Transition, bool] | StateProblem]:
        """In the thread: looks without a transaction, then what changes something in one."""
        outcomes: dict[int, tuple[Transition, bool] | StateProblem] = {}
        looks = [(index, waiting) for index, waiting in enumerate(batch) if not waiting.changes]
        if looks:
            accounts = self._state.look([waiting.name for _, waiting in looks])
            for (index, waiting), account in zip(looks, accounts, strict=True):
                if isinstance(account, StateProblem):
                    outcomes[index] = account
                elif (transition := tried(waiting.work, account)) is not None:
                    outcomes[index] = transition, False
        rest = [(index, waiting) for index, waiting in enumerate(batch) if index not in outcomes]
        if rest:
            jobs = [Job(waiting.name, storing(waiting.work)) for _, waiting in rest]
            for (index, _), outcome in zip(rest, self._state.run(jobs), strict=True):
                outcomes[index] = outcome
        return [outcomes[index] for index in range(len(batch))]
