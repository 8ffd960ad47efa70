"""A backup put back replaces everything, at once or not at all, and no code from before counts."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.rollback_marker import RollbackMarker
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.master_key import MasterKey, successor
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import Raw, ScopeResult
from tests.unit.store.samples import ALICE, BOB, NEW, look, put, spend

SECOND = 1_800_000_000
OTHER = {"other": Secret(b"restored")}


@pytest.fixture
def filled(store: Store) -> Store:
    """With somebody who is in the backup too, and somebody who is not."""
    for account in (ALICE, NEW):
        store.transact(account.name, put(account))
    store.keep_secret(TWILIO_TOKEN, Secret(b"token"))
    return store


def test_there_are_the_accounts_and_secrets_of_the_backup_and_no_others(
    place: ScopeResult, filled: Store, vault: Vault
) -> None:
    filled.replace_all([ALICE, BOB], OTHER, SECOND, None)
    with closing(place.open(vault)) as store:
        assert list(store.names()) == ["alice", "bob"]
        assert [(account.name, account.credential) for account in store.accounts()] == [
            ("alice", ALICE.credential),
            ("bob", BOB.credential),
        ]
        assert store.all_secrets() == OTHER


def test_promise_7_no_code_from_before_counts(filled: Store) -> None:
    filled.replace_all([ALICE], {}, SECOND, None)
    assert filled.floor() == SECOND
    account = filled.read("alice")
    assert account is not None
    assert account.counters.floor >= SECOND // 30
    assert account.bypass is None
    assert account.recovery == ()


def test_promise_7_the_floor_rises_also_if_the_clock_was_set_back(filled: Store) -> None:
    assert filled.lift_floor(SECOND)
    filled.replace_all([ALICE], {}, SECOND - 1_000, None)
    assert filled.floor() == SECOND + 1


def test_logins_go_on_in_processes_that_had_the_state_open(place: ScopeResult, filled: Store, vault: Vault) -> None:
    with closing(place.open(vault)) as running:
        filled.replace_all([ALICE, BOB], {}, SECOND, None)
        assert running.transact("new", look) is None
        assert running.transact("bob", spend(SECOND // 30 + 10))
        assert running.survey(["alice"])[0] is not None


def test_the_marker_is_beyond_all_that_were_seen(filled: Store) -> None:
    inside = filled.mark()
    assert inside is not None
    after = filled.replace_all([ALICE], {}, SECOND, RollbackMarker(inside.state, inside.steps + 7))
    assert after == RollbackMarker(inside.state, inside.steps + 8)
    assert filled.mark() == after
    assert filled.replace_all([ALICE], {}, SECOND, None) == RollbackMarker(inside.state, inside.steps + 9)


def test_without_a_marker_inside_that_outside_names_the_state(filled: Store, raw: Raw) -> None:
    raw.execute("UPDATE meta SET value = X'00' WHERE key = 'mark'")
    assert filled.mark() is None
    assert filled.replace_all([], {}, SECOND, RollbackMarker(b"s" * 16, 3)) == RollbackMarker(b"s" * 16, 4)


def test_a_backup_that_cannot_be_stored_changes_nothing(place: ScopeResult, filled: Store, vault: Vault) -> None:
    before = filled.floor(), filled.mark(), filled.all_secrets(), list(filled.accounts())
    with pytest.raises(StateProblem):
        # Twice the same name.
        filled.replace_all([ALICE, BOB, ALICE], {}, SECOND, None)
    # PostgreSQL may have closed the connection with the error.
    with closing(place.open(vault)) as store:
        assert (store.floor(), store.mark(), store.all_secrets(), list(store.accounts())) == before


def test_a_change_of_the_key_meanwhile_is_a_problem_and_changes_nothing(
    place: ScopeResult, filled: Store, vault: Vault
) -> None:
    both = successor(MasterKey(1, Secret(bytes(range(32)))))

    def changing_the_key() -> Iterator[Account]:
        with closing(place.open(Vault(both))) as other:
            other.change_key()
        yield BOB

    with closing(place.open(Vault(both))) as store:
        with pytest.raises(StateProblem, match=r"the master key was changed meanwhile; run the command again"):
            store.replace_all(changing_the_key(), {}, SECOND, None)
        assert list(store.names()) == ["alice", "new"]
        store.replace_all([replace(BOB)], {}, SECOND, None)
        assert list(store.names()) == ["bob"]
