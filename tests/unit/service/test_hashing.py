"""Slow work beside the loop: a bounded amount, finished in the loop, and no thread left when it closes."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from rw2fa_daemon.service.hashing import THREADS, TURNS_PER_USER_MAX, WAITING_MAX, Full, HashingPool, Turn
from rw2fa_daemon.service.loop import Loop

SECONDS = 10.0

R = TypeVar("R")


def run_until(loop: Loop, condition: Callable[[], bool]) -> None:
    """Run the loop until the condition holds; AssertionError if it does not."""
    deadline = time.monotonic() + SECONDS

    def look() -> None:
        if condition() or time.monotonic() > deadline:
            loop.stop()
        else:
            loop.call_later(0.005, look)

    look()
    loop.run_forever()
    assert condition()


def settle(loop: Loop) -> None:
    """Run the loop through what follows from what was told."""
    loop.call_later(0.02, loop.stop)
    loop.run_forever()


def run(pool: HashingPool, user: str, work: Callable[[], R], done: Callable[[R], None], words: int = 1) -> Full | None:
    """Have one thing done in this person's turn; why there is none."""
    refused: list[Full] = []
    pool.take_turn(user, lambda turn: turn.hash(work, done), refused.append, words)
    return refused[0] if refused else None


def everybody(
    pool: HashingPool, work: Callable[[], R], done: Callable[[R], None], people: int = WAITING_MAX
) -> list[bool]:
    """Have so many people do one thing each; who got a turn."""
    return [run(pool, f"person{number}", work, done) is None for number in range(people)]


def test_work_is_done_elsewhere_and_its_outcome_comes_in_the_loop(loop: Loop) -> None:
    pool = HashingPool(loop)
    worked: list[int] = []
    told: list[tuple[str, int]] = []

    def work() -> str:
        worked.append(threading.get_ident())
        return "done"

    run(pool, "alice", work, lambda result: told.append((result, threading.get_ident())))
    run_until(loop, lambda: bool(told))
    assert told == [("done", threading.get_ident())]
    assert worked != [threading.get_ident()]
    pool.close()


def test_the_loop_goes_on_while_threads_work(loop: Loop) -> None:
    pool = HashingPool(loop)
    gate = threading.Event()
    told: list[bool] = []
    everybody(pool, lambda: gate.wait(SECONDS), told.append)
    turns: list[int] = []
    loop.call_soon(turns.append, 1)
    run_until(loop, lambda: bool(turns))
    assert told == []
    gate.set()
    run_until(loop, lambda: len(told) == WAITING_MAX)
    pool.close()


def test_promise_11_more_people_than_so_many_are_refused_and_there_is_room_again_later(loop: Loop) -> None:
    pool = HashingPool(loop)
    gate = threading.Event()
    told: list[bool] = []
    taken = everybody(pool, lambda: gate.wait(SECONDS), told.append, WAITING_MAX + 20)
    assert taken == [True] * WAITING_MAX + [False] * 20
    gate.set()
    run_until(loop, lambda: len(told) == WAITING_MAX)
    settle(loop)
    assert run(pool, "late", lambda: True, told.append) is None
    run_until(loop, lambda: len(told) == WAITING_MAX + 1)
    pool.close()


def test_promise_11_work_counts_by_the_words_that_it_hashes(loop: Loop) -> None:
    pool = HashingPool(loop)
    gate = threading.Event()
    told: list[bool] = []
    taken = [
        run(pool, f"person{number}", lambda: gate.wait(SECONDS), told.append, 10)
        for number in range(WAITING_MAX // 10 + 1)
    ]
    assert taken == [None] * (WAITING_MAX // 10) + [Full.HOST]
    gate.set()
    run_until(loop, lambda: len(told) == WAITING_MAX // 10)
    settle(loop)
    assert run(pool, "late", lambda: True, told.append, WAITING_MAX) is None, "all places are back"
    pool.close()


def test_promise_11_whoever_asks_for_hundreds_gets_one_after_the_other_and_takes_one_place(loop: Loop) -> None:
    pool = HashingPool(loop)
    gate = threading.Event()
    at_work: list[str] = []
    told: list[str] = []

    def work(name: str) -> Callable[[], str]:
        def wait() -> str:
            at_work.append(name)
            gate.wait(SECONDS)
            return name

        return wait

    taken = [run(pool, "mallory", work("mallory"), told.append) for _ in range(300)]
    assert taken == [None] * TURNS_PER_USER_MAX + [Full.USER] * (300 - TURNS_PER_USER_MAX)
    others = [f"person{number}" for number in range(WAITING_MAX - 1)]
    assert [run(pool, name, work(name), told.append) for name in others] == [None] * len(others)
    gate.set()
    run_until(loop, lambda: len(told) == len(others) + TURNS_PER_USER_MAX)
    assert told.count("mallory") == TURNS_PER_USER_MAX
    # Which of two threads says first that it is at work is chance.
    assert at_work.index("mallory", 1 + at_work.index("mallory")) >= len(others), "her second turn comes after all"
    pool.close()


def test_promise_8_a_turn_begins_when_what_came_of_the_one_before_is_known(loop: Loop) -> None:
    pool = HashingPool(loop)
    happened: list[str] = []

    def begin(turn: Turn) -> None:
        happened.append("begins")
        turn.hash(lambda: None, lambda _: loop.call_soon(happened.append, "is judged"))

    for _ in range(3):
        pool.take_turn("alice", begin, lambda _: None)
    run_until(loop, lambda: len(happened) == 6)
    assert happened == ["begins", "is judged"] * 3
    pool.close()


def test_a_turn_that_needs_no_hashing_makes_room(loop: Loop) -> None:
    pool = HashingPool(loop)
    begun: list[int] = []

    def begin(turn: Turn) -> None:
        begun.append(1)
        turn.end()
        turn.end()

    for _ in range(TURNS_PER_USER_MAX):
        pool.take_turn("alice", begin, lambda _: None)
    run_until(loop, lambda: len(begun) == TURNS_PER_USER_MAX)
    told: list[bool] = []
    assert run(pool, "alice", lambda: True, told.append, WAITING_MAX) is None
    run_until(loop, lambda: bool(told))
    pool.close()


def test_a_turn_whose_beginning_fails_is_over(loop: Loop) -> None:
    pool = HashingPool(loop)

    def fail(_turn: Turn) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        pool.take_turn("alice", fail, lambda _: None)
    told: list[bool] = []
    assert run(pool, "alice", lambda: True, told.append, WAITING_MAX) is None
    run_until(loop, lambda: bool(told))
    pool.close()


def test_closing_waits_for_what_runs_forgets_what_waits_and_leaves_nothing(loop: Loop) -> None:
    descriptors, threads = set(Path("/proc/self/fd").iterdir()), threading.active_count()
    pool = HashingPool(loop)
    began: list[int] = []
    told: list[None] = []

    def work() -> None:
        began.append(1)
        time.sleep(0.1)

    everybody(pool, work, told.append)
    while len(began) < THREADS:
        time.sleep(0.001)
    pool.close()
    assert THREADS <= len(began) <= 2 * THREADS
    assert told == [], "nobody is there any more to be told"
    assert threading.active_count() == threads
    assert set(Path("/proc/self/fd").iterdir()) == descriptors


def test_what_goes_wrong_with_one_takes_no_other_with_it(loop: Loop, capsys: pytest.CaptureFixture[str]) -> None:
    pool = HashingPool(loop)
    gate = threading.Event()
    told: list[int] = []

    def fail(number: int) -> int:
        if number == 1:
            raise MemoryError("secret")
        return number

    def use(number: int) -> None:
        if number == 0:
            raise ValueError("secret")
        told.append(number)

    def work(number: int) -> Callable[[], int]:
        return lambda: fail(number) if gate.wait(SECONDS) else -1

    for number in range(10):
        run(pool, f"person{number % 4}", work(number), use)
    gate.set()
    time.sleep(0.1)  # so that all outcomes are there when the loop looks
    run_until(loop, lambda: len(told) == 8)
    settle(loop)
    assert all(everybody(pool, lambda: 1, told.append)), "no place is lost"
    run_until(loop, lambda: len(told) == 8 + WAITING_MAX)
    reported = capsys.readouterr().err
    assert "MemoryError" in reported
    assert "ValueError" in reported
    assert "secret" not in reported
    pool.close()
