"""Who touches the state: the loop at once, or one thread, whose outcomes come in the loop."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from rw2fa_daemon.service import executor
from rw2fa_daemon.service.executor import InlineExecutor, ThreadExecutor
from rw2fa_daemon.service.loop import Loop

SECONDS = 10.0


@pytest.fixture
def thread(loop: Loop) -> Iterator[ThreadExecutor]:
    with closing(ThreadExecutor(loop)) as made:
        yield made


def test_inline_it_is_done_before_the_call_returns() -> None:
    made = InlineExecutor()
    told: list[object] = []
    assert made.here
    assert made.do(lambda: "outcome", told.append)
    made.tell(lambda: told.append("told"))
    assert told == ["outcome", "told"]
    made.close()


def test_a_thread_works_and_the_loop_is_told_in_order(loop: Loop, thread: ThreadExecutor) -> None:
    threads: list[int] = []
    told: list[tuple[int, int]] = []

    def work(number: int) -> int:
        threads.append(threading.get_ident())
        return number

    def done(number: int) -> None:
        told.append((number, threading.get_ident()))
        if number == 2:
            loop.stop()

    assert not thread.here
    assert [thread.do(lambda number=number: work(number), done) for number in range(3)] == [True] * 3  # type: ignore[misc]
    assert told == [], "not before the loop runs"
    loop.run_forever()
    assert told == [(number, threading.get_ident()) for number in range(3)]
    assert len(set(threads)) == 1, "one thread, so that nothing has to be safe for two"
    assert threads[0] != threading.get_ident()


def test_promise_11_no_more_waits_than_so_much_and_there_is_room_again_later(
    loop: Loop, thread: ThreadExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "PENDING_MAX", 2)
    gate = threading.Event()
    told: list[bool] = []

    def done(outcome: bool) -> None:
        told.append(outcome)
        if len(told) == 2:
            loop.stop()

    assert [thread.do(lambda: gate.wait(SECONDS), done) for _ in range(4)] == [True, True, False, False]
    gate.set()
    loop.run_forever()
    assert told == [True, True]
    assert [thread.do(lambda: True, done) for _ in range(3)] == [True, True, False]


def test_work_that_fails_is_reported_and_keeps_no_place(
    loop: Loop, thread: ThreadExecutor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(executor, "PENDING_MAX", 1)

    def fail() -> None:
        raise ValueError("JBSWY3DPEHPK3PXP")

    assert thread.do(fail, lambda _: pytest.fail("there is no outcome"))
    thread.tell(lambda: loop.call_soon(loop.call_soon, loop.stop))
    loop.run_forever()
    while thread._pending:  # the thread may be slower than what it is told beside
        loop.call_later(0.01, loop.stop)
        loop.run_forever()
    assert "ValueError" in capsys.readouterr().err
    assert thread.do(lambda: 1, lambda _: loop.stop())
    loop.run_forever()


def test_what_another_thread_tells_is_called_in_the_loop(loop: Loop, thread: ThreadExecutor) -> None:
    called: list[int] = []

    def call() -> None:
        called.append(threading.get_ident())
        loop.stop()

    other = threading.Thread(target=thread.tell, args=(call,))
    other.start()
    loop.run_forever()
    other.join()
    assert called == [threading.get_ident()]


def test_closing_finishes_what_waits_and_leaves_no_thread_and_no_descriptor(loop: Loop) -> None:
    descriptors, threads = set(Path("/proc/self/fd").iterdir()), threading.active_count()
    made = ThreadExecutor(loop)
    worked: list[int] = []
    for number in range(3):
        made.do(lambda number=number: worked.append(number), lambda _: pytest.fail("nobody is told"))  # type: ignore[misc]
    made.close()
    assert worked == [0, 1, 2]
    assert threading.active_count() == threads
    assert set(Path("/proc/self/fd").iterdir()) == descriptors
    with suppress(ValueError):
        loop.call_soon(loop.stop)
        loop.run_forever()
