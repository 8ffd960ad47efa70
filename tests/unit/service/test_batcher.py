"""Questions before answers, each job once, and a change always in a transaction."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import End, Transition
from rw2fa_daemon.service.batcher import Batcher
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import StateProblem

ALICE = Account("alice", 1001, 1)
SAID = End(Rc.IGNORE, Rule.CODE)


class Told:
    """What the desk said, in order."""

    def __init__(self, loop: Loop, state: State) -> None:
        self.order: list[str] = []
        self.changed: list[str] = []
        self.batcher = Batcher(loop, state, self.changed.append)

    def done(self, what: str) -> Callable[[Transition | StateProblem], None]:
        def note(outcome: Transition | StateProblem) -> None:
            self.order.append(what if isinstance(outcome, Transition) else "problem")

        return note


def same(account: Account | None) -> Transition:
    return Transition(account, SAID)


def turn(loop: Loop) -> None:
    loop.call_soon(loop.stop)
    loop.run_forever()


def test_who_is_only_asked_is_answered_before_what_is_written(loop: Loop, state: State) -> None:
    told = Told(loop, state)
    told.batcher.submit("alice", lambda _: Transition(ALICE, SAID), told.done("written"))
    told.batcher.look("bob", same, told.done("asked"))
    turn(loop)
    assert told.order == ["asked", "written"]
    assert told.changed == ["alice"]


def test_a_look_that_turns_out_to_be_a_change_is_stored_like_any_other(loop: Loop, state: State) -> None:
    told = Told(loop, state)
    told.batcher.look("alice", lambda _: Transition(ALICE, SAID), told.done("written"))
    turn(loop)
    assert (told.order, told.changed, state.look(["alice"])) == (["written"], ["alice"], [ALICE])


def test_a_look_sees_the_account_and_a_job_after_it_what_is_stored_by_then(loop: Loop, state: State) -> None:
    told = Told(loop, state)
    seen: list[int | None] = []

    def raised(account: Account | None) -> Transition:
        seen.append(account.uid if account else None)
        return Transition(replace(account or ALICE, uid=(account.uid if account else 1) + 1), SAID)

    for _ in range(3):
        told.batcher.look("alice", raised, told.done("written"))
    turn(loop)
    assert seen == [None, None, None, None, 2, 3], "three tries, then three jobs one after the other"


def test_nothing_that_is_stored_as_it_was_counts_as_changed(loop: Loop, state: State) -> None:
    told = Told(loop, state)
    for work in (lambda _: Transition(ALICE, SAID), same, lambda account: Transition(replace(account), SAID)):
        told.batcher.submit("alice", work, told.done("done"))
        turn(loop)
    assert (told.order, told.changed) == (["done"] * 3, ["alice"])


def test_work_that_fails_is_told_as_a_problem_and_keeps_nobody_else(loop: Loop, state: State) -> None:
    told = Told(loop, state)

    def failing(account: Account | None) -> Transition:
        raise ValueError(account)

    told.batcher.look("alice", failing, told.done("never"))
    told.batcher.look("bob", same, told.done("asked"))
    turn(loop)
    assert told.order == ["asked", "problem"]


def test_a_state_that_is_gone_is_told_to_everybody(loop: Loop, state: State, tmp_path: Path) -> None:
    told = Told(loop, state)
    for file in (tmp_path / "state").glob("state.db*"):
        file.unlink()
    told.batcher.look("bob", same, told.done("asked"))
    told.batcher.submit("alice", same, told.done("written"))
    turn(loop)
    assert told.order == ["problem", "problem"]
