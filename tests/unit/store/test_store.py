"""What the store as a whole takes care of: its connection, its lists, and whether there is a state."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store import store as module
from rw2fa_daemon.store.sqlite import connection
from rw2fa_daemon.store.store import StateProblem, Store
from tests.unit.store.place import ONLY_SQLITE, Raw, ScopeResult
from tests.unit.store.samples import ALICE, NEW, look, put


@pytest.fixture
def many(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Twelve names, some pages of them."""
    monkeypatch.setattr(module, "NAMES_AT_ONCE", 4)
    names = [f"user{number:02}" for number in range(12)]
    for number, name in enumerate(names):
        store.transact(name, put(replace(NEW, name=name, uid=2_000 + number)))
    return names


def test_whether_there_is_a_state_is_told_without_its_key(place: ScopeResult, store: Store) -> None:
    assert Store.exists(place.folder, place.database)


def test_a_place_without_tables_is_no_state(place: ScopeResult) -> None:
    assert not Store.exists(place.folder, place.database)


def test_each_name_is_listed_once_whatever_the_pages(store: Store, many: list[str]) -> None:
    assert list(store.names()) == many
    assert list(store.uids()) == [(name, 2_000 + number) for number, name in enumerate(many)]
    store.discard(many[-1])
    assert list(store.names()) == many[:-1]
    assert [name for name, _ in store.uids()] == many[:-1]


def test_of_many_altered_records_the_first_are_named(store: Store, raw: Raw, many: list[str]) -> None:
    raw.execute("UPDATE accounts SET uid = 0 WHERE part = 0")
    with pytest.raises(StateProblem, match=r"12 records .*: user00, .*user09, …;"):
        list(store.accounts())
    for name in many[10:]:
        store.discard(name)
    with pytest.raises(StateProblem, match=r"10 records .*: user00, .*user09;"):
        list(store.accounts())


@ONLY_SQLITE
def test_if_nothing_can_be_read_that_is_the_result_for_each(place: ScopeResult, store: Store) -> None:
    (place.folder / "state.db").unlink()
    for results in (store.look(["a", "b"]), store.survey(["a", "b"])):
        assert [type(result) for result in results] == [StateProblem, StateProblem]


@ONLY_SQLITE
def test_a_connection_is_closed_after_an_error_that_does_not_pass_and_kept_after_one_that_does(
    place: ScopeResult, store: Store, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    store.close()
    store.transact("alice", put(ALICE))
    before = store._connection
    with closing(sqlite3.connect(place.folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateProblem, match="locked"):
            store.transact("alice", look)
        assert store._connection is before
    assert store.transact("alice", look) == ALICE
    assert store._connection is before
    raw.execute("ALTER TABLE not_members RENAME TO elsewhere")
    with pytest.raises(StateProblem):
        store.remembered_not_member("alice", 1, "digest")
    assert store._connection is None
    raw.execute("ALTER TABLE elsewhere RENAME TO not_members")
    assert store.read("alice") == ALICE


def test_a_secret_is_replaced_and_forgotten_alone(store: Store) -> None:
    assert store.all_secrets() == {}
    for name in ("one", "other", "one"):
        store.keep_secret(name, Secret(name.encode()))
    assert store.all_secrets() == {name: Secret(name.encode()) for name in ("one", "other")}
    store.forget_secret("one")
    store.forget_secret("one")
    assert store.secret("one") is None
    assert store.secret("other") == Secret(b"other")
