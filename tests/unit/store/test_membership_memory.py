"""Promise 13: who may pass while a group cannot be resolved, and that nobody gets on that list unseen."""

from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.store import membership_memory
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import ONLY_SQLITE, Raw, ScopeResult, forge
from tests.unit.store.samples import ALICE, put, spend


def test_promise_13_only_who_was_seen_outside_this_very_scope_is_remembered(store: Store) -> None:
    assert not store.remembered_not_member("bob", 1002, "scope")
    store.remember_not_member("bob", 1002, "scope", 100)
    assert store.remembered_not_member("bob", 1002, "scope")
    assert not store.remembered_not_member("bob", 1003, "scope")
    assert not store.remembered_not_member("bob", 1002, "other scope")
    assert not store.remembered_not_member("alice", 1002, "scope")


def test_it_is_remembered_over_a_restart(place: ScopeResult, store: Store, vault: Vault) -> None:
    store.remember_not_member("bob", 1002, "scope", 100)
    store.close()
    with closing(place.open(vault)) as again:
        assert again.remembered_not_member("bob", 1002, "scope")


def test_another_scope_or_uid_replaces_what_was_remembered(store: Store) -> None:
    store.remember_not_member("bob", 1002, "scope", 100)
    store.remember_not_member("bob", 2002, "new scope", 101)
    assert store.remembered_not_member("bob", 2002, "new scope")
    assert not store.remembered_not_member("bob", 1002, "scope")


def test_who_was_found_in_the_scope_is_forgotten(store: Store) -> None:
    store.remember_not_member("bob", 1002, "scope", 100)
    store.forget_not_member("bob")
    store.forget_not_member("bob")
    assert not store.remembered_not_member("bob", 1002, "scope")


def test_promise_13_a_code_that_was_accepted_makes_it_void(store: Store) -> None:
    store.remember_not_member("alice", 1001, "scope", 100)
    store.transact("alice", put(ALICE))
    assert not store.remembered_not_member("alice", 1001, "scope")
    store.remember_not_member("alice", 1001, "scope", 100)
    assert store.remembered_not_member("alice", 1001, "scope")
    store.transact("alice", spend(59_000_000))
    assert not store.remembered_not_member("alice", 1001, "scope")


def test_promise_7_an_old_row_of_somebody_enrolled_since_is_refused(store: Store, raw: Raw) -> None:
    store.remember_not_member("alice", 1001, "scope", 100)
    old = raw.execute("SELECT * FROM not_members").fetchone()
    store.forget_not_member("alice")
    store.transact("alice", put(ALICE))
    raw.execute("INSERT INTO not_members VALUES (?, ?, ?, ?, ?)", old)
    assert not store.remembered_not_member("alice", 1001, "scope")


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE not_members SET name = 'alice', uid = 1001",
        "UPDATE not_members SET name = 'alice'",
        "UPDATE not_members SET uid = 1001",
        "UPDATE not_members SET scope_digest = 'other'",
        "UPDATE not_members SET seen_at = 5",
        "UPDATE not_members SET seen_at = 'x'",
        "UPDATE not_members SET seal = x''",
        "UPDATE not_members SET seal = 'x'",
        "UPDATE not_members SET seal = (SELECT value FROM meta WHERE key = 'key_check')",
    ],
)
def test_promise_7_a_forged_row_lets_nobody_pass(store: Store, raw: Raw, forged: str) -> None:
    store.remember_not_member("bob", 1002, "scope", 100)
    if not forge(raw, forged):
        return
    for name in ("alice", "bob"):
        for uid in (1001, 1002):
            for digest in ("scope", "other"):
                assert not store.remembered_not_member(name, uid, digest)
    store.remember_not_member("bob", 1002, "scope", 101)
    assert store.remembered_not_member("bob", 1002, "scope"), "and the next look-up puts it right"


@ONLY_SQLITE
def test_a_login_of_a_stranger_costs_no_write_on_the_same_day(folder: Path, store: Store) -> None:
    def written() -> int:
        return (folder / "state.db-wal").stat().st_mtime_ns

    store.remember_not_member("bob", 1002, "scope", 1_000_000)
    before = written()
    store.remember_not_member("bob", 1002, "scope", 1_000_000)
    store.remember_not_member("bob", 1002, "scope", 1_000_000 + 86_399)
    store.forget_not_member("carol")
    assert written() == before
    store.remember_not_member("bob", 1002, "scope", 1_000_000 + 86_400)
    assert written() > before
    before = written()
    store.remember_not_member("bob", 1002, "scope", 999_999)
    assert written() > before, "a clock that was set back"


def test_promise_11_what_is_remembered_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership_memory, "USERS_MAX", 5)
    for number in range(20):
        store.remember_not_member(f"user{number}", number, "scope", 1_000 + number)
    remembered = [number for number in range(20) if store.remembered_not_member(f"user{number}", number, "scope")]
    assert remembered == [15, 16, 17, 18, 19]
