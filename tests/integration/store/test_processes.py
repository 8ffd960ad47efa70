"""Several processes on one state: the daemon, a second one, and the administrator's command."""

import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.core.logon import LOGONS_MAX, Logon, Logons, LogonSettings, digest_of, with_pass
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.vault import Vault
from tests.integration.store.conftest import BOTH_ENGINES, Start, finish
from tests.integration.store.workers import STATE_NAME, database_of

pytestmark = BOTH_ENGINES


@pytest.mark.usefixtures("state")
def test_promise_8_no_failure_is_lost_between_processes(state: Path, vault: Vault, start: Start) -> None:
    workers = [start("count", 240, at_once) for at_once in (1, 4, 16)]
    acknowledged = [number for worker in workers for number in finish(worker)]
    assert Counter(map(int, acknowledged)) == Counter(range(1, 721))
    with closing(Store.open(state, vault, database=database_of(state.parent))) as store:
        account = store.read("new")
    assert account is not None
    assert account.counters.failures == 720


def test_promise_1_a_code_sent_to_four_processes_at_once_is_accepted_once(state: Path, start: Start) -> None:
    assert state.name == STATE_NAME
    workers = [start("login", 60) for _ in range(4)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    accepted = [int(step) for worker in workers for step in finish(worker)]
    assert sorted(accepted) == list(range(1, 61))


@pytest.mark.usefixtures("state")
def test_promise_1_a_pass_that_many_processes_try_at_once_lets_one_in(state: Path, vault: Vault, start: Start) -> None:
    settings = LogonSettings(3600, 28_800, 900, without_address=False)
    now = time.time()
    armed = Logons(
        tuple(
            with_pass(
                Logon(digest_of(str(number)), "new", 1003, 5, "", "", int(now), int(now)),
                f"10.0.0.{number}",
                settings,
                now,
            )
            for number in range(LOGONS_MAX)
        )
    )
    with closing(Store.open(state, vault, database=database_of(state.parent))) as store:
        store.with_logons("new", lambda account, _: (account, armed, None), settings, now)
    workers = [start("use_pass", LOGONS_MAX) for _ in range(6)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    let_in = [int(number) for worker in workers for number in finish(worker)]
    assert sorted(let_in) == list(range(LOGONS_MAX))


def test_two_processes_that_make_a_state_at_once_make_one(base: Path, vault: Vault, start: Start) -> None:
    workers = [start("init") for _ in range(3)]
    for worker in workers:
        finish(worker)
    with closing(Store.open(base / STATE_NAME, vault, database=database_of(base))) as store:
        assert list(store.names()) == []
