"""The pool, its workers and a directory that is slow, hangs, crashes and comes back."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory.cache import CACHE_SECONDS
from rw2fa_daemon.directory.pool import Answer, Pool
from tests.support.nss import FakeDirectory, Guest

pytestmark = pytest.mark.namespaces

DEADLINE = 1.0


@pytest.fixture(autouse=True)
def corp(directory: FakeDirectory) -> FakeDirectory:
    for number in range(40):
        directory.user(f"user{number}", 5000 + number, 6000)
    directory.group("primary", 6000)
    directory.group("corp-staff", 6001, ["user1"])
    return directory


@dataclass
class Told:
    """What came of a look-up, and when, in seconds since the scenario began."""

    answer: Answer | None = None
    at: float = 0.0


@dataclass
class Scene:
    """In the guest: a pool, and what was asked of it."""

    directory: FakeDirectory
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    told: dict[str, Told] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pool = Pool(self.loop, workers=4, deadline_seconds=DEADLINE)
        self.began = time.monotonic()

    def warm(self, *names: str) -> None:
        """Finds these people once, and lets what was found grow old."""
        self.pool._deadline_seconds = 10.0
        for name in names:
            self.ask(name, called=f"warm {name}")
        self.wait(*(f"warm {name}" for name in names))
        self.pool._deadline_seconds = DEADLINE
        if self.pool._alarm is not None:  # it was set for the ten seconds
            self.pool._alarm.cancel()
            self.pool._alarm = None
        entries = self.pool._cache._entries
        for key, (expires, user) in entries.items():
            entries[key] = (expires - CACHE_SECONDS, user)
        self.began = time.monotonic()

    def ask(self, name: str, groups: tuple[str, ...] = ("corp-staff",), called: str = "") -> None:
        told = self.told[called or name] = Told()

        def done(answer: Answer) -> None:
            assert told.answer is None, "answered twice"
            told.answer, told.at = answer, time.monotonic() - self.began

        self.pool.lookup(name, groups, done)

    def wait(self, *names: str) -> None:
        deadline = time.monotonic() + 15
        while any(self.told[name].answer is None for name in names or self.told):
            assert time.monotonic() < deadline, "no answer"
            self.pause(0.005)

    def pause(self, seconds: float) -> None:
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()

    def pids(self) -> set[int]:
        return {worker.pid for worker in (*self.pool._idle, *self.pool._busy)}


def play(directory: FakeDirectory, scenario: Callable[[Scene], None]) -> dict[str, Told]:
    """In the guest: plays a scenario to its end."""
    scene = Scene(directory)
    try:
        scenario(scene)
    finally:
        scene.pool.close()
        scene.loop.close()
    return scene.told


def hang_and_recover(scene: Scene) -> None:
    scene.warm("user1")
    scene.directory.fault("*", "hang")
    scene.ask("user1")
    scene.wait()
    scene.directory.heal()
    scene.ask("user1", called="later")
    scene.wait()


def test_promise_13_a_hanging_directory_is_unavailable_at_the_deadline_and_found_again_afterwards(
    directory: FakeDirectory, guest: Guest
) -> None:
    told = guest.call(play, directory, hang_and_recover)
    assert told["user1"].answer is Missing.UNAVAILABLE
    assert DEADLINE <= told["user1"].at < DEADLINE + 1
    later = told["later"].answer
    assert isinstance(later, User)
    assert 6001 in later.gids


def hang_for_one(scene: Scene) -> None:
    scene.warm("user1", "user2")
    scene.directory.fault("getpwnam:user1", "hang")
    scene.ask("user1")
    for _ in range(5):
        scene.pause(0.02)
        scene.ask("user2", called=f"user2 {_}")
    scene.wait()


def test_promise_11_one_that_hangs_delays_no_other(directory: FakeDirectory, guest: Guest) -> None:
    told = guest.call(play, directory, hang_for_one)
    assert told.pop("user1").answer is Missing.UNAVAILABLE
    assert all(isinstance(each.answer, User) and each.at < DEADLINE for each in told.values())


def hang_for_strangers(scene: Scene) -> None:
    scene.warm("user1", "user2")
    scene.ask("user2", called="fresh")
    scene.wait()
    for number in range(100):
        scene.directory.fault(f"getpwnam:stranger{number}", "hang")
    for number in range(4):  # all workers hang, once
        scene.ask(f"stranger{number}")
    scene.wait()
    scene.began = time.monotonic()
    for number in range(4, 60):  # and from now on at most half of them
        scene.ask(f"stranger{number}")
    scene.ask("user2", called="in the cache")
    scene.ask("user1", called="known")
    scene.wait("in the cache", "known")


def test_promise_11_strangers_for_whom_the_directory_hangs_do_not_take_all_workers(
    directory: FakeDirectory, guest: Guest
) -> None:
    told = guest.call(play, directory, hang_for_strangers)
    assert isinstance(told["in the cache"].answer, User)
    assert told["in the cache"].at < 0.1
    assert isinstance(told["known"].answer, User)
    assert told["known"].at < DEADLINE, "it waits for no stranger's deadline"


def crash(scene: Scene) -> None:
    scene.warm("user1")
    before = scene.pids()
    scene.directory.fault("getpwnam:user2", "crash")
    scene.ask("user2")
    scene.wait()
    scene.ask("user3")
    scene.wait()
    assert scene.pids() != before


def test_a_module_that_crashes_takes_one_look_up_along(directory: FakeDirectory, guest: Guest) -> None:
    told = guest.call(play, directory, crash)
    assert told["user2"].answer is Missing.UNAVAILABLE
    assert told["user2"].at < DEADLINE
    assert isinstance(told["user3"].answer, User)


def slow_answer(scene: Scene) -> None:
    scene.warm(*(f"user{number}" for number in range(4)))
    scene.directory.fault("getpwnam", "delay", 700)
    for number in range(5, 9):
        scene.ask(f"user{number}", called=f"first {number}")
    scene.ask("user9", called="in the queue")
    scene.wait()
    scene.pause(0.8)
    scene.ask("user9", called="found meanwhile")
    scene.wait()


def test_what_a_worker_finds_after_the_caller_gave_up_is_kept(directory: FakeDirectory, guest: Guest) -> None:
    told = guest.call(play, directory, slow_answer)
    assert told["in the queue"].answer is Missing.UNAVAILABLE
    assert isinstance(told["found meanwhile"].answer, User)


def down(scene: Scene) -> None:
    scene.warm("user1")
    scene.directory.fault("*", "unavail")
    scene.ask("user1")
    scene.ask("root")
    scene.wait()
    scene.directory.heal()
    scene.ask("user1", called="user1 later")
    scene.ask("root", called="root later")
    scene.wait()


def test_promise_13_what_was_seen_while_the_directory_was_down_is_forgotten_when_it_is_back(
    directory: FakeDirectory, guest: Guest
) -> None:
    told = guest.call(play, directory, down)
    root, later = told["root"].answer, told["root later"].answer
    assert told["user1"].answer is Missing.UNAVAILABLE
    assert isinstance(root, User)
    assert root.groups == {"corp-staff": None}
    assert isinstance(told["user1 later"].answer, User)
    assert isinstance(later, User)
    assert later.groups == {"corp-staff": 6001}
