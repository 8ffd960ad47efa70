"""What NSS calls users: one name after the other, and no longer than a start may wait."""

import pytest

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.resolve_names import RESOLVE_SECONDS, resolve_names
from tests.support.expected_calls import ANY, ExpectedCalls
from tests.unit.service.stepped_loop import SteppedLoop


class Resolving:
    """Names that are looked up in a directory that is a double."""

    def __init__(self, calls: ExpectedCalls, loop: SteppedLoop) -> None:
        self.calls = calls
        self.loop = loop
        self.told: list[dict[str, str]] = []

    def begin(self, *names: str) -> None:
        resolve_names(self.loop, self.calls.double("pool"), list(names), self.told.append)

    def expect(self, name: str) -> object:
        return self.calls.expect("pool.lookup", name, (), ANY)


@pytest.fixture
def resolving(calls: ExpectedCalls, stepped_loop: SteppedLoop) -> Resolving:
    return Resolving(calls, stepped_loop)


def test_only_names_that_differ_are_told_once_all_are_known(resolving: Resolving, calls: ExpectedCalls) -> None:
    look = calls.expect("pool.lookup", "ALICE", (), ANY)
    resolving.begin("ALICE", "bob", "nobody")
    answers = (User("alice", 1, frozenset()), User("bob", 2, frozenset()), Missing.UNKNOWN)
    for answer, following in zip(answers, ("bob", "nobody", None), strict=True):
        answered = look.callback()
        answered(answer)
        assert resolving.told == [], "the next is asked for in the next turn: long lists must not nest"
        if following is not None:
            look = calls.expect("pool.lookup", following, (), ANY)
        resolving.loop.advance(0)
    assert resolving.told == [{"ALICE": "alice"}]
    resolving.loop.advance(10 * RESOLVE_SECONDS)
    assert len(resolving.told) == 1


def test_without_names_nothing_is_looked_up(resolving: Resolving) -> None:
    resolving.begin()
    assert resolving.told == [{}]
    resolving.loop.advance(10 * RESOLVE_SECONDS)
    assert len(resolving.told) == 1


def test_promise_13_a_directory_that_hangs_keeps_no_start(resolving: Resolving, calls: ExpectedCalls) -> None:
    first = calls.expect("pool.lookup", "ALICE", (), ANY)
    resolving.begin("ALICE", "BOB", "carol")
    first.callback()(User("alice", 1, frozenset()))
    second = calls.expect("pool.lookup", "BOB", (), ANY)
    resolving.loop.advance(RESOLVE_SECONDS - 0.01)
    assert resolving.told == []
    resolving.loop.advance(0.02)
    assert resolving.told == [{"ALICE": "alice"}], "what is not known stays as it is written"
    second.callback()(User("bob", 2, frozenset()))
    resolving.loop.advance(10 * RESOLVE_SECONDS)
    assert len(resolving.told) == 1, "and nobody else is looked up"
