"""The guess budget, locks and drift against a real daemon, with state that no real login could wait for."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account, Bypass, Counters
from rw2fa_daemon.core.enrolment import ENROL_TRIES_A_WINDOW
from rw2fa_daemon.core.lockout import FAILURES_MAX, FIRST_LOCK_SECONDS, FREE_FAILURES
from rw2fa_daemon.vault.code_hasher import CodeHasher
from tests.integration.cli.command import PROGRAM, run
from tests.support.daemon import Site, wait_until
from tests.support.steps import stay_within_a_step

AN_HOUR_AGO = -120
SEVEN_MINUTES_AGO = -14
FAR_SECONDS = 3600
"""To an end that is not reached during a test, however slow the machine is."""


def stored(site: Site, name: str) -> Account:
    account = site.account(name)
    assert account is not None
    return account


def words_of(site: Site) -> CodeHasher:
    store = site.store()
    try:
        return store.code_hasher()
    finally:
        store.close()


def change(site: Site, name: str, how: Callable[[Account], Account]) -> None:
    store = site.store()

    def work(account: Account | None) -> tuple[Account | None, None]:
        assert account is not None
        return how(account), None

    store.transact(name, work)
    store.close()


def with_counters(site: Site, name: str, counters: Counters) -> None:
    change(site, name, lambda account: replace(account, counters=counters))


def soon() -> int:
    """An end that a test can wait for, UTC seconds."""
    return int(time.time()) + 1


def wait_for(until: int) -> None:
    """Return once that time has come by the clock that the daemon reads."""
    wait_until(lambda: time.time() > until, 10)


def wrong(site: Site, name: str) -> str:
    """A code that no step within 27 hours has: further away than wrong codes are looked for."""
    near = {site.code(name, offset) for offset in range(-27 * 120, 27 * 120)}
    return next(code for code in map("{:06d}".format, range(10**6)) if code not in near)


def test_promise_9_after_three_wrong_codes_one_from_an_hour_ago_is_refused_and_a_present_one_accepted(
    site: Site,
) -> None:
    site.enrol("daemon", "bin", digits=6)
    with site.daemon():
        assert site.login("bin", site.code("bin", AN_HOUR_AGO))["rule"] == "code-right"
        for _ in range(3):
            assert site.login("daemon", wrong(site, "daemon"))["verb"] == "ask"
        assert site.login("daemon", site.code("daemon", AN_HOUR_AGO))["rule"] == "code-outside-window"
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"


@pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")
def test_row_14_a_late_code_is_audited_with_how_late_it_was(site: Site) -> None:
    site.enrol("daemon", digits=6)
    with site.daemon():
        stay_within_a_step()
        assert site.login("daemon", site.code("daemon", SEVEN_MINUTES_AGO))["rule"] == "code-right"
    shown = run([str(PROGRAM), "--config", str(site.config), "audit", "--user", "daemon"]).out
    assert "accepted  daemon  sshd auth  allow  (code-right)  valid, 7 minutes late" in shown
    assert stored(site, "daemon").counters.drift == SEVEN_MINUTES_AGO


def test_promise_8_a_lock_ends_by_itself_and_the_next_one_is_twice_as_long(site: Site) -> None:
    site.enrol("daemon", "bin", digits=6)
    long = Counters(failures=FREE_FAILURES + 1, locked_until=int(time.time()) + FAR_SECONDS)
    with_counters(site, "daemon", long)
    with_counters(site, "bin", replace(long, locked_until=int(time.time()) - 1))
    with site.daemon():
        assert site.login("daemon", site.code("daemon"))["rule"] == "locked"
        until = soon()
        with_counters(site, "daemon", replace(long, locked_until=until))
        wait_for(until)
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"
        assert site.login("bin", wrong(site, "bin"))["rule"] == "locked"
    assert stored(site, "daemon").counters.failures == 0
    assert abs(stored(site, "bin").counters.locked_until - time.time() - 2 * FIRST_LOCK_SECONDS) < 30


def test_promise_8_a_hundred_wrong_codes_in_a_row_wait_for_an_administrator(site: Site) -> None:
    site.enrol("daemon", digits=6)
    with_counters(site, "daemon", Counters(failures=FAILURES_MAX - 1))
    with site.daemon():
        assert site.login("daemon", wrong(site, "daemon"))["rule"] == "locked"
        with_counters(site, "daemon", replace(stored(site, "daemon").counters, locked_until=0))
        assert site.login("daemon", site.code("daemon"))["rule"] == "locked"
        change(site, "daemon", Account.unlocked)
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"


def test_promise_1_a_bypass_that_holds_once_lets_in_one_of_many_at_once(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon(), ThreadPoolExecutor(16) as pool:
        for _ in range(5):
            until = int(time.time()) + 600
            change(site, "daemon", lambda account, until=until: replace(account, bypass=Bypass(until, once=True)))  # type: ignore[misc]  # bound now
            answers = list(pool.map(lambda _: site.login("daemon", "").get("rule", "asked"), range(16)))
            assert sorted(answers) == ["asked"] * 15 + ["bypass"]


def test_a_bypass_ends_when_its_time_is_over(site: Site) -> None:
    site.enrol("daemon")
    change(site, "daemon", lambda account: replace(account, bypass=Bypass(int(time.time()) + FAR_SECONDS)))
    with site.daemon():
        assert site.login("daemon", "")["rule"] == "bypass"
        until = soon()
        change(site, "daemon", lambda account: replace(account, bypass=Bypass(until)))
        wait_for(until)
        with site.hook() as hook:
            assert hook.open("daemon")["verb"] == "ask"


def test_promise_1_a_recovery_code_sent_many_times_at_once_is_accepted_once(site: Site) -> None:
    site.enrol("daemon")
    new = words_of(site).new("daemon")
    change(site, "daemon", lambda account: replace(account, recovery=new.digests))
    with site.daemon(), ThreadPoolExecutor(8) as pool:
        for word in new.codes[:3]:
            rules = pool.map(lambda _, word=word: site.login("daemon", word).get("rule", "asked"), range(8))
            assert list(rules).count("recovery-code") == 1
            change(site, "daemon", Account.unlocked)
    assert len(stored(site, "daemon").recovery) == 7


def test_promise_8_wrong_words_are_counted_and_close_the_enrolment(site: Site) -> None:
    site.enrol("daemon")
    words = words_of(site)
    change(
        site,
        "daemon",
        lambda account: account.reset(generation=7, now=int(time.time()), token=words.new("daemon").digests[0]),
    )
    with site.daemon():
        for _ in range(ENROL_TRIES_A_WINDOW):
            with site.hook() as hook:
                assert hook.open("daemon")["verb"] == "ask"
                assert hook.reply("aaaa-bbbb-cccc")["rule"] == "enrol-failed"
        with site.hook() as hook:
            assert hook.open("daemon")["rule"] == "enrol-closed"
    assert stored(site, "daemon").credential is None, "no secret was made"
