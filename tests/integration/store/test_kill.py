"""Promise 1 over kill -9: whatever was acknowledged is there, and nothing is accepted twice."""

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.vault import Vault
from tests.integration.store.conftest import BOTH_ENGINES, Start, kill
from tests.integration.store.workers import database_of
from tests.unit.store.samples import NEW, put

pytestmark = BOTH_ENGINES

PEOPLE = [f"user{number}" for number in range(8)]
LOGINS = 4_000
"""To be acknowledged in all, over as many lives as that takes."""
AGAIN = 20
"""Steps that each life tries again."""


@pytest.mark.timeout(300)
def test_promise_1_over_kill_9_nothing_is_accepted_twice_and_nothing_lost(
    state: Path, vault: Vault, start: Start
) -> None:
    with closing(Store.open(state, vault, database=database_of(state.parent))) as store:
        for name in PEOPLE:
            store.transact(name, put(replace(NEW, name=name)))
    chance = random.Random(1)
    accepted: Counter[tuple[str, int]] = Counter()
    reached, lives = AGAIN, 0
    while accepted.total() < LOGINS:
        lines = kill(start("batches", reached - AGAIN), chance.randrange(1, 600))
        accepted.update((name, int(step)) for name, step in (line.split(":") for line in lines))
        lives += 1
        reached = max(step for _, step in accepted)
        with closing(Store.open(state, vault, database=database_of(state.parent))) as store:
            accounts = {account.name: account for account in store.accounts()}
        for name in PEOPLE:
            acknowledged = {step for who, step in accepted if who == name and step > reached - AGAIN}
            assert acknowledged <= set(accounts[name].counters.used)
    assert max(accepted.values()) == 1
    assert lives > 5
