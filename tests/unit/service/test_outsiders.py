"""Who was seen outside of the scope, and came into it."""

import time

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.user import User
from rw2fa_daemon.service import membership_memory
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.membership_memory import SETTLE_SECONDS, MembershipMemory
from rw2fa_daemon.service.state import State
from rw2fa_daemon.store.store import Job
from tests.unit.service.stepped_loop import SteppedLoop

GAMES = User("games", 5, frozenset())
SCOPE = "a"


@pytest.fixture
def state(state: State) -> State:
    """It knows somebody outside of the scope."""
    state.remember_not_member(GAMES, SCOPE)
    assert state.was_not_member(GAMES, SCOPE)
    return state


def run(loop: Loop, seconds: float) -> None:
    loop.call_later(seconds, loop.stop)
    loop.run_forever()


def test_promise_13_who_is_seen_inside_is_forgotten_as_an_outsider_without_signing_in(
    loop: Loop, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership_memory, "SETTLE_SECONDS", 0.02)
    MembershipMemory(loop, state).seen_inside(GAMES, SCOPE)
    run(loop, 0.1)
    assert not state.was_not_member(GAMES, SCOPE)


def test_promise_13_a_change_of_the_account_leaves_nothing_to_forget(loop: Loop, state: State) -> None:
    seen = MembershipMemory(loop, state)
    seen.seen_inside(GAMES, SCOPE)
    state.run([Job("games", lambda _: (Account("games", 5, 1), None))])
    seen.changed("games")
    seen.settle()
    assert not state.was_not_member(GAMES, SCOPE)


def test_promise_13_a_stop_forgets_at_once(loop: Loop, state: State) -> None:
    seen = MembershipMemory(loop, state)
    seen.seen_inside(GAMES, SCOPE)
    seen.settle()
    assert not state.was_not_member(GAMES, SCOPE)


def test_who_leaves_the_scope_again_is_remembered_outside(loop: Loop, state: State) -> None:
    seen = MembershipMemory(loop, state)
    seen.seen_inside(GAMES, SCOPE)
    seen.seen_outside(GAMES, SCOPE)
    run(loop, 0.0)
    seen.settle()
    assert state.was_not_member(GAMES, SCOPE)


def test_promise_11_no_more_wait_than_the_bound(loop: Loop, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership_memory, "WAITING_MAX", 3)
    seen = MembershipMemory(loop, state)
    seen.seen_inside(GAMES, SCOPE)
    for number in range(3):
        seen.seen_inside(User(f"user{number}", number, frozenset()), SCOPE)
    assert not state.was_not_member(GAMES, SCOPE), "whoever waited longest is seen to at once"


def test_a_long_line_is_worked_off_a_little_at_a_time(
    loop: Loop, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership_memory, "SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(membership_memory, "SETTLED_A_TURN", 1)
    seen = MembershipMemory(loop, state)
    for number in range(3):
        seen.seen_inside(User(f"user{number}", number, frozenset()), SCOPE)
    seen.seen_inside(GAMES, SCOPE)
    deadline = time.monotonic() + 10
    while state.was_not_member(GAMES, SCOPE) and time.monotonic() < deadline:
        run(loop, 0.02)
    assert not state.was_not_member(GAMES, SCOPE)


def test_promise_13_who_comes_after_a_quiet_time_is_seen_to_as_well(stepped_loop: SteppedLoop, state: State) -> None:
    seen = MembershipMemory(stepped_loop, state)
    for _ in range(2):
        state.remember_not_member(GAMES, SCOPE)
        seen.seen_inside(GAMES, SCOPE)
        stepped_loop.advance(SETTLE_SECONDS - 0.01)
        assert state.was_not_member(GAMES, SCOPE), "not before a login has had the time for it"
        stepped_loop.advance(0.02)
        assert not state.was_not_member(GAMES, SCOPE)
