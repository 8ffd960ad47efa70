"""Promise 1 on several hosts: daemons that share a PostgreSQL accept a code once."""

import secrets
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.store import Job
from tests.support.daemon import Site
from tests.support.known_users import environment

PEOPLE = 500
FIRST_UID = 60_000
DIGITS = 10
AT_ONCE = 64


@pytest.fixture
def names(tmp_path: Path) -> dict[str, str]:
    """An environment in which NSS knows 500 more people."""
    return environment(tmp_path, {f"p{n}": FIRST_UID + n for n in range(PEOPLE)})


@pytest.fixture
def second(site: Site) -> Site:
    """Another host: its own socket and folder, the same key and database."""
    other = Site(site.folder / "second", site.secrets, site.digits, site.cluster)
    other.folder.mkdir()
    text = site.config.read_text().replace(str(site.socket), str(other.socket))
    other.config.write_text(text.replace(str(site.state), str(other.state)))
    shutil.copy(site.key, other.key)
    other.join()
    return other


def enrol_all(site: Site) -> dict[str, Secret]:
    shown = {f"p{n}": Secret(secrets.token_bytes(20)) for n in range(PEOPLE)}
    store = site.store()
    accounts = [
        Account(name, FIRST_UID + n, secrets.randbits(62), credential=Credential(secret, True, DIGITS))
        for n, (name, secret) in enumerate(shown.items())
    ]
    store.run([Job(account.name, lambda _old, account=account: (account, None)) for account in accounts])  # type: ignore[misc]  # bound now
    store.close()
    return shown


@pytest.mark.timeout(300)
def test_promise_1_two_daemons_and_one_code_four_times_at_once_for_500_people_are_500_logins(
    site: Site, second: Site, names: dict[str, str]
) -> None:
    site.write_config(scope=[f"p{n}" for n in range(PEOPLE)])
    second.config.write_text(
        site.config.read_text()
        .replace(str(site.socket), str(second.socket))
        .replace(str(site.state), str(second.state))
    )
    shown = enrol_all(site)
    with site.daemon(environment=names), second.daemon(environment=names), ThreadPoolExecutor(AT_ONCE) as pool:
        step = int(time.time()) // 30
        tries = [
            partial(_rule, at, name, code_at(secret, step, DIGITS))
            for name, secret in shown.items()
            for at in (site, second) * 2
        ]
        rules = Counter(pool.map(lambda one: one(), tries))
    assert rules == {"code-right": PEOPLE, "asked again": 3 * PEOPLE}


def _rule(site: Site, name: str, code: str) -> str:
    return site.login(name, code).get("rule", "asked again")


def test_promise_8_what_one_host_counts_the_other_knows(site: Site, second: Site) -> None:
    site.enrol("daemon", digits=6)
    with site.daemon(), second.daemon():
        for at in (site, second):
            with at.hook() as hook:
                hook.open("daemon")
                hook.reply("000000")
    account = site.account("daemon")
    assert account is not None
    assert account.counters.failures == 2


def test_a_daemon_that_is_killed_in_the_middle_leaves_no_lock_behind(site: Site, second: Site) -> None:
    site.enrol("daemon")
    with site.daemon() as daemon, second.daemon():
        for offset in range(-20, 0):
            site.login("daemon", site.code("daemon", offset))
        daemon.kill()
        assert second.login("daemon", site.code("daemon"))["rule"] == "code-right"
