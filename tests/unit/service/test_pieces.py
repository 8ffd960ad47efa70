"""Work in pieces: one a turn of the loop, one work after the other, and a bound."""

from collections.abc import Iterator

import pytest

from rw2fa_daemon.service import pieces as service_pieces
from rw2fa_daemon.service.pieces import Pieces
from tests.unit.service.stepped_loop import SteppedLoop


class Steps:
    """A loop that goes on one turn at a time."""

    def __init__(self, loop: SteppedLoop) -> None:
        self.loop = loop
        self.pieces: Pieces[str] = Pieces(loop)
        self.told: list[str | None] = []
        self.worked: list[str] = []

    def work(self, name: str, count: int, outcome: str | None = None) -> Iterator[str | None]:
        for _ in range(count):
            self.worked.append(name)
            yield None
        if outcome is not None:
            yield outcome
            self.worked.append("too much")

    def run(self, name: str, count: int, outcome: str | None = None) -> bool:
        return self.pieces.run(self.work(name, count, outcome), self.told.append)

    def turn(self) -> None:
        """What is to be done in one turn of the loop."""
        soon, self.loop._soon = self.loop._soon, []
        for call in soon:
            call()


@pytest.fixture
def steps(stepped_loop: SteppedLoop) -> Steps:
    return Steps(stepped_loop)


def test_one_piece_is_done_in_a_turn_until_there_is_an_outcome(steps: Steps) -> None:
    steps.run("a", 2, "found")
    assert steps.worked == []
    for done in (["a"], ["a", "a"]):
        steps.turn()
        assert (steps.worked, steps.told) == (done, [])
    steps.turn()
    assert steps.told == ["found"]
    steps.turn()
    assert steps.worked == ["a", "a"], "nothing is looked for after the outcome"


def test_work_that_finds_nothing_ends_with_none(steps: Steps) -> None:
    steps.run("a", 1)
    steps.turn()
    assert steps.told == []
    steps.turn()
    assert steps.told == [None]


def test_one_work_is_done_after_the_other(steps: Steps) -> None:
    steps.run("a", 2, "first")
    steps.run("b", 1, "second")
    for _ in range(5):
        steps.turn()
    assert steps.worked == ["a", "a", "b"]
    assert steps.told == ["first", "second"]
    steps.run("c", 0, "third")
    steps.turn()
    assert steps.told[-1] == "third", "and after a pause"


def test_promise_11_no_more_waits_than_so_much(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_pieces, "WAITING_MAX", 2)
    assert [steps.run(name, 0) for name in "abc"] == [True, True, False]
    steps.turn()
    assert steps.run("d", 0), "there is room again"


def test_work_that_fails_is_over_and_keeps_nobody_else(steps: Steps) -> None:
    def failing() -> Iterator[None]:
        int("no number")
        yield None

    steps.pieces.run(failing(), steps.told.append)
    steps.run("b", 0, "second")
    with pytest.raises(ValueError):
        steps.turn()
    steps.turn()
    assert steps.told == ["second"]
