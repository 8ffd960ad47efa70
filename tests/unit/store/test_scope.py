"""Since when somebody has been in the scope: kept over restarts, and not to be forged."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.store import scope
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.support.health_checks import suppressed
from tests.unit.store.place import ONLY_SQLITE, Raw, ScopeResult, forge
from tests.unit.store.samples import TEXT


def test_an_entry_keeps_the_time_it_came_in_until_it_is_gone(place: ScopeResult, store: Store, vault: Vault) -> None:
    assert store.sync_scope(["alice", "@staff"], 100) == {"alice": 100, "@staff": 100}
    assert store.sync_scope(["@staff", "bob"], 200) == {"@staff": 100, "bob": 200}
    store.close()
    with closing(place.open(vault)) as again:
        assert again.sync_scope(["@staff", "alice", "bob"], 300) == {"@staff": 100, "alice": 300, "bob": 200}
        assert again.sync_scope([], 400) == {}
        assert again.sync_scope(["@staff"], 500) == {"@staff": 500}


def test_an_entry_that_is_named_twice_is_one(store: Store) -> None:
    assert store.sync_scope(["alice", "alice"], 1) == {"alice": 1}
    assert store.sync_scope(["alice", "alice"], 2) == {"alice": 1}


def test_a_change_by_another_process_between_reading_and_writing_is_kept(
    place: ScopeResult, store: Store, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.sync_scope(["alice"], 100)
    checked = scope._checked
    with closing(place.open(vault)) as other:

        def meanwhile(*rows: Any) -> tuple[dict[str, int], bool]:
            monkeypatch.setattr(scope, "_checked", checked)
            other.sync_scope(["alice", "bob"], 200)
            return checked(*rows)

        monkeypatch.setattr(scope, "_checked", meanwhile)
        assert store.sync_scope(["alice", "bob", "carl"], 300) == {"alice": 100, "bob": 200, "carl": 300}
        assert other.scope() == {"alice": 100, "bob": 200, "carl": 300}


@settings(suppress_health_check=suppressed(HealthCheck.function_scoped_fixture))
@given(st.lists(st.lists(TEXT), max_size=5))
def test_whatever_the_entries_are(store: Store, scopes: list[list[str]]) -> None:
    known = dict(store.sync_scope([], 0))
    for now, entries in enumerate(scopes):
        known = {entry: known.get(entry, now) for entry in entries}
        assert store.sync_scope(entries, now) == known


@ONLY_SQLITE
def test_what_did_not_change_is_not_written(folder: Path, store: Store) -> None:
    store.sync_scope(["alice"], 1)
    before = (folder / "state.db-wal").stat()
    store.sync_scope(["alice"], 2)
    after = (folder / "state.db-wal").stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE scope_entries SET since = 900 WHERE entry = 'alice'",
        "UPDATE scope_entries SET since = 'x' WHERE entry = 'alice'",
        "UPDATE scope_entries SET entry = 'mallory' WHERE entry = 'alice'",
        "DELETE FROM scope_entries WHERE entry = 'alice'",
        "DELETE FROM scope_entries",
        "INSERT INTO scope_entries VALUES ('mallory', 900)",
        "DELETE FROM meta WHERE key = 'scope_seal'",
        "UPDATE meta SET value = x'00' WHERE key = 'scope_seal'",
        "UPDATE meta SET value = 'text' WHERE key = 'scope_seal'",
    ],
)
def test_promise_7_a_forged_entry_opens_no_window(store: Store, raw: Raw, forged: str) -> None:
    store.sync_scope(["alice", "bob"], 100)
    if not forge(raw, forged):
        return
    with pytest.raises(StateProblem, match=r"came into the scope was altered.*; find out who .* `rw2fa users reset"):
        store.sync_scope(["alice", "bob", "mallory"], 1000)
    assert store.sync_scope(["alice", "bob", "mallory"], 1001) == {"alice": 0, "bob": 0, "mallory": 0}
    assert store.sync_scope(["alice", "carol"], 1002) == {"alice": 0, "carol": 1002}


def test_promise_7_an_old_seal_put_back_is_noticed(store: Store, raw: Raw) -> None:
    store.sync_scope(["alice"], 100)
    (old,) = raw.execute("SELECT value FROM meta WHERE key = 'scope_seal'").fetchone()
    store.sync_scope([], 200)
    raw.execute("UPDATE meta SET value = ? WHERE key = 'scope_seal'", (old,))
    with pytest.raises(StateProblem):
        store.sync_scope(["alice"], 300)


def test_promise_11_what_is_given_holds_no_row_in_memory(store: Store) -> None:
    """A hundred thousand names twice are ten megabytes: those of the rows go, those that were handed in stay."""
    names = [f"user{number}" for number in range(10)]
    for now in (1_700_000_000, 1_800_000_000):
        given = store.sync_scope(names, now)
        assert all(mine is theirs for mine, theirs in zip(names, given, strict=True))
        assert set(given.values()) == {1_700_000_000}
        assert len({id(second) for second in given.values()}) == 1
