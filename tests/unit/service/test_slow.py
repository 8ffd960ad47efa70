"""Slow work beside the loop: a bounded amount, finished in the loop, and no thread left when it closes."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.slow import THREADS, WAITING_MAX, Slow

SECONDS = 10.0


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


def test_work_is_done_elsewhere_and_its_outcome_comes_in_the_loop(loop: Loop) -> None:
    pool = Slow(loop)
    worked: list[int] = []
    told: list[tuple[str, int]] = []

    def work() -> str:
        worked.append(threading.get_ident())
        return "done"

    assert pool.run(work, lambda result: told.append((result, threading.get_ident())))
    run_until(loop, lambda: bool(told))
    assert told == [("done", threading.get_ident())]
    assert worked != [threading.get_ident()]
    pool.close()


def test_the_loop_goes_on_while_threads_work(loop: Loop) -> None:
    pool = Slow(loop)
    gate = threading.Event()
    told: list[bool] = []
    for _ in range(WAITING_MAX):
        pool.run(lambda: gate.wait(SECONDS), told.append)
    turns: list[int] = []
    loop.call_soon(turns.append, 1)
    run_until(loop, lambda: bool(turns))
    assert told == []
    gate.set()
    run_until(loop, lambda: len(told) == WAITING_MAX)
    pool.close()


def test_promise_11_more_than_so_much_is_refused_and_there_is_room_again_later(loop: Loop) -> None:
    pool = Slow(loop)
    gate = threading.Event()
    told: list[bool] = []
    taken = [pool.run(lambda: gate.wait(SECONDS), told.append) for _ in range(WAITING_MAX + 20)]
    assert taken == [True] * WAITING_MAX + [False] * 20
    gate.set()
    run_until(loop, lambda: len(told) == WAITING_MAX)
    assert pool.run(lambda: True, told.append)
    run_until(loop, lambda: len(told) == WAITING_MAX + 1)
    pool.close()


def test_promise_11_work_counts_by_the_words_that_it_hashes(loop: Loop) -> None:
    pool = Slow(loop)
    gate = threading.Event()
    told: list[bool] = []
    taken = [pool.run(lambda: gate.wait(SECONDS), told.append, 10) for _ in range(WAITING_MAX // 10 + 1)]
    assert taken == [True] * (WAITING_MAX // 10) + [False]
    gate.set()
    run_until(loop, lambda: len(told) == WAITING_MAX // 10)
    assert pool.run(lambda: True, told.append, WAITING_MAX), "all places are back"
    pool.close()


def test_closing_waits_for_what_runs_forgets_what_waits_and_leaves_nothing(loop: Loop) -> None:
    descriptors, threads = set(Path("/proc/self/fd").iterdir()), threading.active_count()
    pool = Slow(loop)
    began: list[int] = []
    told: list[None] = []

    def work() -> None:
        began.append(1)
        time.sleep(0.1)

    for _ in range(WAITING_MAX):
        pool.run(work, told.append)
    while len(began) < THREADS:
        time.sleep(0.001)
    pool.close()
    assert THREADS <= len(began) <= 2 * THREADS
    assert told == [], "nobody is there any more to be told"
    assert threading.active_count() == threads
    assert set(Path("/proc/self/fd").iterdir()) == descriptors


def test_what_goes_wrong_with_one_takes_no_other_with_it(loop: Loop, capsys: pytest.CaptureFixture[str]) -> None:
    pool = Slow(loop)
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
        pool.run(work(number), use)
    gate.set()
    time.sleep(0.1)  # so that all outcomes are there when the loop looks
    run_until(loop, lambda: len(told) == 8)
    assert all(pool.run(lambda: 1, told.append) for _ in range(WAITING_MAX)), "no place is lost"
    run_until(loop, lambda: len(told) == 8 + WAITING_MAX)
    reported = capsys.readouterr().err
    assert "MemoryError" in reported
    assert "ValueError" in reported
    assert "secret" not in reported
    pool.close()
