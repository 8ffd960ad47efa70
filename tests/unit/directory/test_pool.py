"""The pool with its real workers, asking this machine's own NSS. A stopped worker stands in for a hanging one."""

import asyncio
import itertools
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory import pool as pool_module
from rw2fa_daemon.directory import request
from rw2fa_daemon.directory.cache import Cache
from rw2fa_daemon.directory.pool import AHEAD_MAX, CALLERS_MAX, COURTESIES_MAX, QUEUE_MAX, Answer, Pool
from tests.support.processes import is_gone

DEADLINE = 0.4
"""Long enough for a worker to start on a machine that does other things too."""


class Bench:
    """A pool and its loop, driven from the outside."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda _, context: self.errors.append(context))
        self.errors: list[dict[str, object]] = []
        self.pool = Pool(self.loop, workers=2, deadline_seconds=5.0)

    def patience(self, seconds: float) -> None:
        self.pool._deadline_seconds = seconds
        if self.pool._alarm is not None:  # it was set for what was the deadline so far
            self.pool._alarm.cancel()
            self.pool._alarm = None

    def ask(self, typed: str, groups: tuple[str, ...] = (), *, courtesy: bool = False) -> list[Answer]:
        """A list that the answer will be in."""
        answers: list[Answer] = []
        self.pool.lookup(typed, groups, answers.append, courtesy=courtesy)
        return answers

    def run_until(self, *answers: list[Answer], seconds: float = 10.0) -> None:
        deadline = self.loop.time() + seconds
        while not all(answers):
            assert self.loop.time() < deadline, "no answer"
            self.loop.call_later(0.002, self.loop.stop)
            self.loop.run_forever()

    def run_for(self, seconds: float) -> None:
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()

    def answer(self, typed: str, groups: tuple[str, ...] = ()) -> Answer:
        answers = self.ask(typed, groups)
        self.run_until(answers)
        return answers[0]

    def workers(self) -> list[int]:
        return [worker.pid for worker in (*self.pool._idle, *self.pool._busy)]

    def ask_stopped_workers(self, names: list[str], *, courtesy: bool = False) -> list[list[Answer]]:
        """Questions that no worker gets to, whether it runs already or is started for them."""
        self.stop_workers()
        answers = []
        for name in names:
            answers.append(self.ask(name, courtesy=courtesy))
            self.stop_workers()
        return answers

    def stop_workers(self) -> None:
        for pid in self.workers():
            os.kill(pid, signal.SIGSTOP)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.pool.close()
    bench.loop.close()
    assert bench.errors == []


def test_it_answers_what_a_look_up_in_this_process_answers(bench: Bench) -> None:
    root = bench.answer("root", ("root", "no-such-group"))
    assert isinstance(root, User)
    assert (root.name, root.uid, root.groups) == ("root", 0, {"root": 0, "no-such-group": None})
    assert bench.answer("no-such-user-here") is Missing.UNKNOWN


@pytest.mark.parametrize(
    "typed", ["", "\n", "find", "\udcff\udcfe", "a/b", "a\0b", chr(0xD800), "x" * 1024, "x" * 100_000]
)
def test_any_text_may_be_typed(bench: Bench, typed: str) -> None:
    assert bench.answer(typed) is Missing.UNKNOWN


def test_promise_11_too_many_groups_to_ask_for_are_no_answer(bench: Bench) -> None:
    assert bench.answer("root", ("g" * 60,) * 2000) is Missing.UNAVAILABLE


def test_no_worker_runs_before_the_first_question(bench: Bench) -> None:
    assert bench.workers() == []
    bench.answer("root")
    assert len(bench.workers()) == 1


def test_a_complete_answer_is_given_again_before_lookup_returns(bench: Bench) -> None:
    first = bench.answer("root", ("root",))
    assert bench.ask("root", ("root",)) == [first]


def test_promise_13_an_incomplete_answer_is_asked_for_again(bench: Bench) -> None:
    bench.answer("root", ("no-such-group",))
    bench.answer("no-such-user-here")
    assert bench.ask("root", ("no-such-group",)) == []
    assert bench.ask("no-such-user-here") == []


def test_the_same_question_at_the_same_time_is_asked_once(bench: Bench) -> None:
    answers = [bench.ask("root") for _ in range(50)]
    assert len(bench.pool._busy) == 1
    assert not bench.pool._queue
    bench.run_until(*answers)
    assert all(answer == answers[0] and len(answer) == 1 for answer in answers)


def test_each_caller_is_answered_once_though_another_one_fails(bench: Bench) -> None:
    def fail(answer: Answer) -> None:
        raise RuntimeError("a caller's fault")

    before = bench.ask("root")
    bench.pool.lookup("root", (), fail)
    after = bench.ask("root")
    bench.run_until(before, after)
    assert len(before) == len(after) == 1
    assert [str(error["exception"]) for error in bench.errors] == ["a caller's fault"]
    bench.errors.clear()


def test_a_caller_may_ask_again_from_its_answer(bench: Bench) -> None:
    answers: list[Answer] = []
    bench.pool.lookup("root", (), lambda _: bench.pool.lookup("daemon", (), answers.append))
    bench.run_until(answers)
    assert isinstance(answers[0], User)


def test_a_worker_that_hangs_is_killed_at_the_deadline_and_replaced(bench: Bench) -> None:
    bench.answer("root")
    (hanging,) = bench.workers()
    bench.stop_workers()
    bench.patience(DEADLINE)
    started = time.monotonic()
    assert bench.answer("daemon") is Missing.UNAVAILABLE
    assert DEADLINE <= time.monotonic() - started < DEADLINE + 1
    bench.run_for(0.2)
    assert not psutil.pid_exists(hanging)
    bench.patience(5.0)
    assert isinstance(bench.answer("daemon"), User)


def test_each_of_many_at_once_gets_the_own_answer(bench: Bench) -> None:
    names = [*(entry.pw_name for entry in pwd.getpwall()), *(f"nobody-{number}" for number in range(100))]
    answers = {name: bench.ask(name) for name in names}
    bench.run_until(*answers.values())
    assert {name: answer for name, (answer,) in answers.items()} == {name: request.lookup(name, ()) for name in names}


def test_promise_11_one_that_hangs_keeps_nobody_who_was_given_to_the_same_worker(bench: Bench) -> None:
    bench.run_until(bench.ask("root"), bench.ask("daemon"))
    hanging, _ = bench.workers()
    os.kill(hanging, signal.SIGSTOP)
    bench.patience(DEADLINE)
    started = time.monotonic()
    answers = [bench.ask(f"user{number}") for number in range(AHEAD_MAX)]
    while sum(map(bool, answers)) < len(answers) - 1:
        assert time.monotonic() - started < DEADLINE, "they waited for the deadline of the one before them"
        bench.run_for(0.002)
    assert [answer for answer in answers if answer] == [[Missing.UNKNOWN]] * (AHEAD_MAX - 1)


def test_who_waits_in_the_queue_has_the_same_deadline(bench: Bench) -> None:
    bench.answer("root")
    bench.patience(DEADLINE)
    started = time.monotonic()
    answers = bench.ask_stopped_workers([f"user{number}" for number in range(10)])
    bench.run_until(*answers)
    assert time.monotonic() - started < DEADLINE + 1
    assert all(answer == [Missing.UNAVAILABLE] for answer in answers)
    assert (bench.pool._callers, bench.pool._open, list(bench.pool._queue)) == (0, {}, [])


def test_a_worker_that_dies_idle_is_replaced(bench: Bench) -> None:
    bench.answer("root")
    os.kill(bench.workers()[0], signal.SIGKILL)
    bench.run_for(0.1)
    assert bench.workers() == []
    assert isinstance(bench.answer("daemon"), User)


def test_a_worker_that_died_a_moment_ago_costs_no_answer(bench: Bench) -> None:
    bench.answer("root")
    worker = psutil.Process(bench.workers()[0])
    worker.kill()
    while not is_gone(worker):
        time.sleep(0.001)
    assert isinstance(bench.answer("daemon"), User)


def test_a_worker_that_dies_at_work_is_no_answer_and_is_replaced(bench: Bench) -> None:
    bench.answer("root")
    bench.stop_workers()
    answers = bench.ask("daemon")
    os.kill(bench.workers()[0], signal.SIGKILL)
    bench.run_until(answers, seconds=1)
    assert answers == [Missing.UNAVAILABLE]
    assert isinstance(bench.answer("daemon"), User)


def test_promise_11_workers_that_cannot_start_are_tried_less_and_less(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    def start(*_: object) -> None:
        tries.append(bench.loop.time())
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(pool_module, "WorkerProcess", start)
    bench.patience(1.0)
    assert bench.answer("root") is Missing.UNAVAILABLE
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert 3 <= len(tries) <= 6
    assert all(later > earlier for earlier, later in itertools.pairwise(gaps))
    monkeypatch.undo()
    bench.patience(5.0)
    assert isinstance(bench.answer("root"), User)


def test_promise_11_a_full_queue_answers_at_once(bench: Bench) -> None:
    bench.answer("root")
    bench.patience(DEADLINE)
    waiting = bench.ask_stopped_workers([f"user{number}" for number in range(QUEUE_MAX + 2 * AHEAD_MAX)])
    assert bench.ask("one-more") == [Missing.UNAVAILABLE]
    assert isinstance(bench.ask("root")[0], User), "what is known needs no place"
    bench.run_until(*waiting)
    assert all(len(answer) == 1 for answer in waiting)


def test_promise_11_courtesies_leave_workers_and_queue_to_logins(bench: Bench) -> None:
    bench.answer("root")
    courtesies = bench.ask_stopped_workers([f"user{number}" for number in range(COURTESIES_MAX + 1)], courtesy=True)
    assert len(bench.pool._busy) == 1
    assert bench.ask("one-more", courtesy=True) == [Missing.UNAVAILABLE]
    assert bench.ask("root", courtesy=True) != []
    assert isinstance(bench.answer("daemon"), User)
    joined = bench.ask("user7")
    bench.run_until(joined, seconds=2)
    assert joined == [Missing.UNKNOWN], "a login that asks the same goes on as a login"
    assert sum(answer == [] for answer in courtesies) == COURTESIES_MAX


def test_promise_11_the_number_of_those_who_wait_is_bounded(bench: Bench) -> None:
    bench.answer("root")
    bench.patience(DEADLINE)
    waiting = bench.ask_stopped_workers(["daemon"] * CALLERS_MAX)
    assert bench.ask("daemon") == [Missing.UNAVAILABLE]
    bench.run_until(*waiting)


def test_closing_answers_everybody_and_leaves_no_process(bench: Bench) -> None:
    bench.answer("root")
    pids = bench.workers()
    waiting = bench.ask("daemon")
    bench.stop_workers()
    bench.pool.close()
    assert waiting == [Missing.UNAVAILABLE]
    assert bench.ask("bin") == [Missing.UNAVAILABLE]
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_idle_workers_but_one_end_after_a_while(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "IDLE_SECONDS", 0.2)
    bench.run_until(*[bench.ask(f"user{number}") for number in range(4)])
    assert len(bench.workers()) == 2
    bench.run_for(0.8)
    assert len(bench.workers()) == 1
    assert isinstance(bench.answer("root"), User)


def test_workers_heed_no_signal_that_is_meant_for_the_daemon(bench: Bench) -> None:
    bench.answer("root")
    (pid,) = bench.workers()
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        os.kill(pid, number)
    assert isinstance(bench.answer("daemon"), User)
    assert bench.workers() == [pid]
    assert os.getsid(pid) == pid, "a terminal's Ctrl-C does not reach it while it starts"


def test_a_worker_has_its_socket_and_no_other_descriptor_of_the_daemon(bench: Bench) -> None:
    secret = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(secret, True)
    bench.answer("root")
    (pid,) = bench.workers()
    os.close(secret)
    open_files = {path.name: str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    assert open_files["0"].startswith("socket:")
    assert open_files["1"] == "/dev/null"
    assert set(open_files) == {"0", "1", "2"}


def test_a_worker_is_not_told_what_systemd_tells_the_daemon(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY", "LISTEN_FDS", "WATCHDOG_USEC"):
        monkeypatch.setenv(name, "/x")
    bench.answer("root")
    environment = Path(f"/proc/{bench.workers()[0]}/environ").read_bytes()
    assert b"/x\0" not in environment


def test_a_worker_is_small_and_quick_to_start(bench: Bench) -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        bench.answer("root")
        seconds.append(time.perf_counter() - started)
        resident = psutil.Process(bench.workers()[0]).memory_info().rss
        assert resident < 14 << 20
        os.kill(bench.workers()[0], signal.SIGKILL)
        bench.run_for(0.05)
        bench.pool._cache = Cache()
    assert min(seconds) < 0.2


_DAEMON = """
import asyncio, os, signal, sys
from rw2fa_daemon.directory.cache import Cache
from rw2fa_daemon.directory.pool import Pool
loop = asyncio.new_event_loop()
pool = Pool(loop, workers=2)
def told(_):
    for worker in pool._idle:
        if sys.argv[1] == "hanging":
            os.kill(worker.pid, signal.SIGSTOP)
        print(worker.pid, flush=True)
pool.lookup("root", (), told)
loop.run_forever()
"""


@pytest.mark.parametrize("state", ["idle", "hanging"])
def test_workers_end_with_a_daemon_that_is_killed(state: str) -> None:
    with subprocess.Popen([sys.executable, "-c", _DAEMON, state], stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        pid = int(daemon.stdout.readline())
        assert psutil.pid_exists(pid)
        daemon.kill()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
