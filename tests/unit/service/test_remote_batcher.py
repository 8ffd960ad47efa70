"""Nobody waits longer for a database across a network than a login may, whatever the database does."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import TypeVar

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import End, Transition
from rw2fa_daemon.service.remote_batcher import (
    ANSWER_SECONDS,
    AT_ONCE,
    CROWDED,
    LATE,
    LOOK_SECONDS,
    WAITING_MAX,
    RemoteBatcher,
)
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import Job, StateProblem
from tests.unit.service.stepped_loop import SteppedLoop

XRDP_SECONDS = 2.0
"""How long xrdp waits for an answer."""
ALICE = Account("alice", 1001, 1)
SAID = End(Rc.IGNORE, Rule.CODE)
NEVER = 60.0

R = TypeVar("R")


class SlowExecutor:
    """Keeps what it is given until the test lets it go."""

    here = False

    def __init__(self, room: int = 1_024) -> None:
        self.kept: deque[Callable[[], None]] = deque()
        self._room = room

    def do(self, work: Callable[[], R], done: Callable[[R], None]) -> bool:
        if len(self.kept) >= self._room:
            return False
        self.kept.append(lambda: done(work()))
        return True

    def tell(self, call: Callable[[], None]) -> None:
        call()

    def close(self) -> None:
        self.kept.clear()

    def finish(self) -> None:
        """The oldest of what is kept is done."""
        self.kept.popleft()()


class Told:
    """A batcher, and when each one that waits was told what."""

    def __init__(self, state: State, room: int = 1_024) -> None:
        self.loop = SteppedLoop()
        self.executor = SlowExecutor(room)
        self.changed: list[str] = []
        self.outcomes: dict[str, list[tuple[float, object]]] = {}
        self.batcher = RemoteBatcher(self.loop, state, self.changed.append, self.executor)

    def note(self, who: str) -> Callable[[object], None]:
        came, told = self.loop.time(), self.outcomes.setdefault(who, [])
        return lambda outcome: told.append((self.loop.time() - came, outcome))

    def submit(self, who: str) -> None:
        self.batcher.submit("alice", lambda _: Transition(ALICE, SAID), self.note(who))

    def look(self, who: str) -> None:
        self.batcher.look("alice", lambda account: Transition(account, SAID), self.note(who))


@pytest.fixture
def told(state: State) -> Iterator[Told]:
    made = Told(state)
    with closing(made.loop):
        yield made


def test_promise_5_whoever_looks_whose_time_is_over_does_so_before_xrdp_gives_up() -> None:
    assert ANSWER_SECONDS + LOOK_SECONDS < XRDP_SECONDS


def test_promise_5_nobody_is_told_later_than_a_login_may_wait(told: Told) -> None:
    for number in range(40):
        told.submit(f"submits {number}")
        told.look(f"looks {number}")
        told.batcher.call(lambda _store: None, told.note(f"calls {number}"))
        told.loop.advance(0.07)
    told.loop.advance(NEVER)
    assert len(told.outcomes) == 120
    for who, outcomes in told.outcomes.items():
        ((seconds, outcome),) = outcomes
        assert outcome is LATE, who
        assert seconds + 1e-6 >= ANSWER_SECONDS, who
        assert seconds <= ANSWER_SECONDS + LOOK_SECONDS + 1e-6, who


def test_promise_5_somebody_who_comes_after_a_quiet_time_is_told_as_well(told: Told) -> None:
    for who in ("first", "second"):
        told.look(who)
        told.loop.advance(NEVER)
        ((seconds, outcome),) = told.outcomes[who]
        assert outcome is LATE
        assert seconds <= ANSWER_SECONDS + LOOK_SECONDS + 1e-6


def test_promise_1_an_answer_that_comes_too_late_is_thrown_away_and_what_changed_is_known(told: Told) -> None:
    told.submit("alice")
    told.loop.advance(NEVER)
    told.executor.finish()
    told.loop.advance(NEVER)
    assert [outcome for _, outcome in told.outcomes["alice"]] == [LATE]
    assert told.changed == ["alice"], "stored all the same"


def test_an_answer_in_time_is_the_only_one(told: Told) -> None:
    told.submit("alice")
    told.loop.advance(ANSWER_SECONDS - LOOK_SECONDS)
    told.executor.finish()
    told.loop.advance(NEVER)
    ((seconds, outcome),) = told.outcomes["alice"]
    assert isinstance(outcome, Transition)
    assert seconds < ANSWER_SECONDS


def test_what_nobody_waits_for_any_more_is_not_sent(told: Told) -> None:
    told.look("under way")
    told.loop.advance(0)
    told.submit("waits too long")
    told.loop.advance(NEVER)
    told.executor.finish()
    assert not told.executor.kept
    assert told.changed == []


def test_what_gathers_meanwhile_goes_together_and_no_more_than_so_many(told: Told) -> None:
    told.submit("under way")
    told.loop.advance(0)
    for number in range(AT_ONCE + 1):
        told.submit(str(number))
    told.loop.advance(0)
    answered = []
    while told.executor.kept:
        assert len(told.executor.kept) == 1, "one transaction at a time"
        told.executor.finish()
        told.loop.advance(0)
        answered.append(sum(bool(outcomes) for outcomes in told.outcomes.values()))
    assert answered == [1, 1 + AT_ONCE, 2 + AT_ONCE]


def test_promise_11_more_than_so_many_do_not_wait(told: Told) -> None:
    told.submit("under way")
    told.loop.advance(0)
    for number in range(WAITING_MAX + 1):
        told.look(str(number))
    told.loop.advance(0)
    crowded = [who for who, outcomes in told.outcomes.items() if outcomes]
    assert crowded == [str(WAITING_MAX)]
    assert told.outcomes[crowded[0]] == [(0.0, CROWDED)]


def test_promise_11_what_the_executor_has_no_room_for_is_told_at_once(state: State) -> None:
    told = Told(state, room=0)
    with closing(told.loop):
        told.submit("submits")
        told.batcher.call(lambda _store: None, told.note("calls"))
        told.loop.advance(0)
        assert told.outcomes == {"submits": [(0.0, CROWDED)], "calls": [(0.0, CROWDED)]}


def test_work_that_fails_is_told_as_a_problem(told: Told) -> None:
    def failing(account: Account | None) -> Transition:
        raise ValueError(account)

    told.batcher.submit("alice", failing, told.note("alice"))
    told.loop.advance(0)
    told.executor.finish()
    ((_, outcome),) = told.outcomes["alice"]
    assert isinstance(outcome, StateProblem)


@pytest.fixture
def asked(state: State, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the database is asked: each look, and each transaction, with how many names."""
    calls: list[str] = []
    look, run = State.look, State.run

    def looking(self: State, names: list[str]) -> object:
        calls.append(f"look {len(names)}")
        return look(self, names)

    def running(self: State, jobs: list[Job[object]]) -> object:
        calls.append(f"transaction {len(jobs)}")
        return run(self, jobs)

    monkeypatch.setattr(State, "look", looking)
    monkeypatch.setattr(State, "run", running)
    return calls


def test_who_is_only_asked_needs_no_transaction_and_what_is_written_no_look(told: Told, asked: list[str]) -> None:
    told.look("asked")
    told.loop.advance(0)
    told.executor.finish()
    told.submit("written")
    told.loop.advance(0)
    told.executor.finish()
    assert asked == ["look 1", "transaction 1"]
    assert [len(told.outcomes[who]) for who in ("asked", "written")] == [1, 1]
    assert told.changed == ["alice"]


def test_a_look_that_turns_out_to_be_a_change_is_stored_like_any_other(
    told: Told, asked: list[str], state: State
) -> None:
    told.batcher.look("alice", lambda _: Transition(ALICE, SAID), told.note("alice"))
    told.loop.advance(0)
    told.executor.finish()
    assert asked == ["look 1", "transaction 1"]
    assert told.changed == ["alice"]
    assert state.look(["alice"]) == [ALICE]


def test_looks_and_changes_that_gathered_are_told_each_its_own(told: Told, asked: list[str]) -> None:
    def saying(text: str, account: Account | None) -> Transition:
        return Transition(account, End(Rc.IGNORE, Rule.CODE, text))

    for number in range(6):
        ask = told.batcher.look if number % 2 else told.batcher.submit
        ask(f"user{number}", partial(saying, str(number)), told.note(str(number)))
    told.loop.advance(0)
    told.executor.finish()
    assert asked == ["look 3", "transaction 3"]
    for who, outcomes in told.outcomes.items():
        ((_, outcome),) = outcomes
        assert isinstance(outcome, Transition)
        assert isinstance(outcome.say, End)
        assert outcome.say.text == who


def test_a_look_that_cannot_be_done_is_told_so_and_not_tried_as_a_change(
    told: Told, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = StateProblem("the database cannot be reached", "start it")
    monkeypatch.setattr(State, "look", lambda _self, names: [gone] * len(names))
    told.look("alice")
    told.loop.advance(0)
    told.executor.finish()
    assert [outcome for _, outcome in told.outcomes["alice"]] == [gone]
    assert asked == []


def test_after_one_transaction_is_over_the_next_is_sent_at_once(told: Told) -> None:
    for who in ("first", "second", "third"):
        told.submit(who)
        told.loop.advance(0)
        told.executor.finish()
        assert len(told.outcomes[who]) == 1


def test_promise_11_one_timer_looks_after_all_who_wait_and_none_when_nobody_does(told: Told) -> None:
    for number in range(5):
        told.submit(str(number))
    told.loop.advance(LOOK_SECONDS / 2)
    assert told.loop.timers == 1
    told.loop.advance(NEVER)
    assert told.loop.timers == 0
