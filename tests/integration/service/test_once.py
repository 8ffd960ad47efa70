"""Promise 1 on real daemons: a code is accepted at most once, and what was accepted stays accepted."""

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from tests.support.daemon import HOST_USERS, Hook, Site, wait_until

AT_ONCE = 8
WANTED = 2_000


def _rule(site: Site, name: str, code: str) -> str:
    return site.login(name, code).get("rule", "asked again")


def _race(*tries: Callable[[], str]) -> list[str]:
    barrier = threading.Barrier(len(tries))

    def run(one: Callable[[], str]) -> str:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(tries)) as pool:
        return list(pool.map(run, tries))


def test_promise_1_one_code_sent_many_times_at_once_is_accepted_once(site: Site) -> None:
    site.enrol(*HOST_USERS)
    with site.daemon():
        for name in HOST_USERS:
            code = site.code(name)
            rules = _race(*[partial(_rule, site, name, code)] * AT_ONCE)
            # A second one with the same code is asked for the next one.
            assert sorted(rules) == ["asked again"] * (AT_ONCE - 1) + ["code-right"]


def test_promise_1_two_daemons_on_one_state_accept_a_code_once(site: Site) -> None:
    site.enrol(*HOST_USERS)
    second = site.beside()
    with site.daemon(), second.daemon():
        for name in HOST_USERS:
            code = site.code(name)
            tries = [partial(_rule, at, name, code) for at in (site, second) * 2]
            assert sorted(_race(*tries)) == ["asked again"] * 3 + ["code-right"]


@pytest.mark.timeout(300)
def test_promise_1_two_daemons_killed_at_random_moments_accept_two_thousand_codes_once_each(site: Site) -> None:
    people = HOST_USERS[:12]
    site.enrol(*people)
    places = (site, site.beside())
    chance = random.Random(3)  # moments, not secrets
    enough = threading.Event()
    accepted: Counter[tuple[str, int]] = Counter()
    kills = [0, 0]

    def keep_running(number: int) -> None:
        while not enough.is_set():
            with places[number].daemon() as daemon:
                enough.wait(chance.uniform(0.3, 2.0))
                daemon.kill()
                kills[number] += 1

    def log_in(name: str) -> None:
        offset = -480
        while not enough.is_set() and offset < -2:
            code = site.code(name, offset)
            answers = 0
            for place in chance.sample(places, 2):
                try:
                    rule = _rule(place, name, code)
                except OSError:
                    continue  # that daemon was killed
                answers += 1
                accepted[name, offset] += rule == "code-right"
            # Where nobody answered, it is tried again: no code is left out.
            offset += answers > 0
            if accepted.total() >= WANTED:
                enough.set()

    with ThreadPoolExecutor(len(people) + 2) as pool:
        running = [*(pool.submit(keep_running, number) for number in (0, 1)), *(pool.submit(log_in, n) for n in people)]
        for one in running[2:]:
            one.result()
        enough.set()
    assert accepted.total() >= WANTED, "the test proves nothing with so few logins"
    assert max(accepted.values()) == 1
    assert min(kills) >= 2


def test_promise_1_a_restart_forgets_nothing(site: Site) -> None:
    site.enrol("daemon")
    code = site.code("daemon")
    with site.daemon():
        assert site.login("daemon", code)["rule"] == "code-right"
    with site.daemon():
        assert "used already" in site.login("daemon", code)["text"]


@pytest.mark.timeout(300)
def test_promise_1_kill_dash_nine_at_random_moments_loses_no_acceptance_and_nobody(site: Site) -> None:
    people = HOST_USERS[:12]
    site.enrol(*people)
    chance = random.Random(2)  # moments, not secrets
    accepted: dict[str, list[str]] = {name: [] for name in people}
    next_offset = dict.fromkeys(people, -480)
    refused_after_acceptance: list[str] = []

    def log_in_until(stop: threading.Event, name: str) -> None:
        # Not ahead of the server's time: there a floor, which so many acceptances lift as well, narrows what counts.
        while not stop.is_set() and next_offset[name] < -2:
            code = site.code(name, next_offset[name])
            next_offset[name] += 1
            try:
                outcome = site.login(name, code)
            except OSError:
                # The daemon was killed in the middle of it: nobody was told that the code was accepted.
                continue
            if outcome.get("rule") == "code-right":
                accepted[name].append(code)
            elif outcome.get("rule") == "locked":
                refused_after_acceptance.append(name)

    for _ in range(15):
        with site.daemon() as daemon:
            stop = threading.Event()
            with ThreadPoolExecutor(len(people)) as pool:
                running = [pool.submit(log_in_until, stop, name) for name in people]
                time.sleep(chance.uniform(0.05, 0.6))
                daemon.kill()
                stop.set()
                for one in running:
                    one.result()
    total = sum(map(len, accepted.values()))
    assert total > 1_000, "the test proves nothing with so few logins"
    assert refused_after_acceptance == []
    with site.daemon(), ExitStack() as hooks:
        for name, codes in accepted.items():
            account = site.account(name)
            assert account is not None
            assert account.activated
            for code in chance.sample(codes, min(len(codes), 25)):
                hook = hooks.enter_context(Hook(site.socket))
                assert hook.open(name)["verb"] == "ask"
                assert hook.reply(code).get("rule") != "code-right"


def test_promise_1_the_answer_leaves_after_the_commit(site: Site) -> None:
    """Killed the moment the answer arrives, the daemon has stored the acceptance."""
    site.enrol(*HOST_USERS)
    for name in HOST_USERS[:8]:
        code = site.code(name)
        with site.daemon() as daemon:
            assert site.login(name, code)["rule"] == "code-right"
            daemon.kill()
        account = site.account(name)
        assert account is not None
        assert account.counters.used != ()


def test_a_stop_finishes_what_it_accepted(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon() as daemon, site.hook() as hook:
        assert hook.open("daemon")["verb"] == "ask"
        daemon.terminate()
        time.sleep(0.5)
        assert hook.reply(site.code("daemon"))["rule"] == "code-right"
        assert daemon.wait(10) == 0
        assert not site.socket.exists()


def test_a_second_daemon_on_the_same_socket_says_what_to_do(site: Site) -> None:
    with site.daemon():
        told = subprocess.run(site.command(), capture_output=True, text=True, check=False, timeout=30)
        assert told.returncode == 1
        assert "another daemon listens" in told.stderr
        assert len(told.stderr.splitlines()) == 1
        assert site.status()["state"] == "ok"


def test_a_socket_that_a_killed_daemon_left_is_taken_over(site: Site) -> None:
    with site.daemon() as daemon:
        daemon.kill()
        daemon.wait()
    assert site.socket.exists()
    with site.daemon():
        wait_until(lambda: site.status()["state"] == "ok", 5)
