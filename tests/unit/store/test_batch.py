"""Jobs that share a transaction: in order, isolated from one another, durable or not at all."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.store.sqlite import connection as connection_module
from rw2fa_daemon.store.sqlite.connection import SqliteConnection
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import ONLY_SQLITE, Raw, ScopeResult
from tests.unit.store.samples import ALICE, BOB, NEW, SECRET, look, put, spend, with_secret_sealed


def failing(stored: Account | None) -> tuple[Account | None, Account | None]:
    raise ValueError(f"something with {SECRET!r} in it")


def too_large(stored: Account | None) -> tuple[Account | None, Account | None]:
    return replace(ALICE, uid=2**63), None


def renamed(stored: Account | None) -> tuple[Account | None, Account | None]:
    return BOB, None


def no_pair(stored: Account | None) -> tuple[Account | None, Account | None]:
    return None  # type: ignore[return-value]  # the mistake that is tested


def test_jobs_run_in_order_and_see_what_those_before_them_made(store: Store) -> None:
    later = replace(ALICE, uid=7)
    jobs = [Job("alice", put(ALICE)), Job("bob", put(BOB)), Job("alice", put(later)), Job("alice", look)]
    assert store.run(jobs) == [None, None, ALICE, later]
    assert (store.read("alice"), store.read("bob")) == (later, BOB)


def test_no_jobs_are_no_work(store: Store) -> None:
    assert store.run([]) == []


def test_an_account_made_and_deleted_in_one_batch_was_never_there(store: Store) -> None:
    assert store.run([Job("alice", put(ALICE)), Job("alice", put(None)), Job("alice", look)]) == [None, ALICE, None]
    assert list(store.names()) == []


def test_an_account_deleted_and_made_in_one_batch_is_the_new_one(store: Store) -> None:
    store.transact("alice", put(ALICE))
    fresh = replace(NEW, name="alice")
    store.run([Job("alice", put(None)), Job("alice", put(fresh))])
    assert store.read("alice") == fresh


@pytest.mark.parametrize("bad", [failing, too_large, renamed, no_pair])
def test_a_job_that_fails_fails_alone(store: Store, bad: object) -> None:
    assert callable(bad)
    store.transact("alice", put(ALICE))
    before, failed, after = store.run([Job("bob", put(BOB)), Job("alice", bad), Job("new", put(NEW))])
    assert (before, after) == (None, None)
    assert isinstance(failed, StateProblem)
    assert (store.read("alice"), store.read("bob"), store.read("new")) == (ALICE, BOB, NEW)


def test_promise_3_the_error_of_a_job_says_where_but_quotes_nothing(store: Store) -> None:
    with pytest.raises(StateProblem, match=r"about alice failed: ValueError at test_batch\.py:\d+; ") as caught:
        store.transact("alice", failing)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_job_that_fails_takes_nothing_back_of_another_about_the_same_person(store: Store) -> None:
    made, failed = store.run([Job("alice", put(ALICE)), Job("alice", failing)])
    assert made is None
    assert isinstance(failed, StateProblem)
    assert store.read("alice") == ALICE


def test_an_interrupt_ends_the_batch_and_stores_nothing(store: Store) -> None:
    def interrupted(stored: Account | None) -> tuple[Account | None, Account | None]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.run([Job("alice", put(ALICE)), Job("bob", interrupted)])
    assert store.read("alice") is None
    assert store.transact("bob", put(BOB)) is None, "and the next batch works"


@ONLY_SQLITE
def test_what_changes_nothing_writes_nothing(folder: Path, store: Store) -> None:
    store.transact("alice", put(ALICE))

    def state() -> list[tuple[int, int]]:
        files = [(folder / name).stat() for name in ("state.db", "state.db-wal")]
        return [(status.st_size, status.st_mtime_ns) for status in files]

    before = state()
    same = replace(ALICE)
    assert store.run([Job("alice", look), Job("alice", put(same)), Job("bob", put(None)), Job("bob", look)]) == [
        ALICE,
        ALICE,
        None,
        None,
    ]
    assert state() == before


@ONLY_SQLITE
def test_a_row_on_a_broken_page_is_the_problem_of_its_own_jobs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.run([Job("alice", put(ALICE)), Job("bob", put(BOB))])
    record = SqliteConnection.record

    def broken(connection: SqliteConnection, name: str) -> tuple[Any, ...] | None:
        if name == "alice":
            raise sqlite3.DatabaseError("database disk image is malformed")
        return record(connection, name)

    monkeypatch.setattr(SqliteConnection, "record", broken)
    unread, read = store.run([Job("alice", look), Job("bob", look)])
    assert isinstance(unread, StateProblem)
    assert read == BOB
    monkeypatch.undo()
    assert store.read("alice") == ALICE


def test_whoever_is_stored_after_the_floor_was_raised_has_it(store: Store, raw: Raw) -> None:
    store.transact("alice", put(ALICE))
    store.lift_floor(1_790_000_000)
    assert store.transact("alice", spend(61_000_000))
    store.transact("bob", put(BOB))
    for name in ("alice", "bob"):
        account = store.read(name)
        assert account is not None
        assert account.counters.floor >= 1_790_000_000 // 30
        sealed = raw.execute("SELECT floor FROM accounts WHERE name = ? AND part = 0", (name,)).fetchone()
        assert sealed == (account.counters.floor,)


def test_a_login_seals_no_secret_again(store: Store, raw: Raw) -> None:
    store.transact("alice", put(ALICE))
    sealed = "SELECT secret, phone FROM accounts WHERE part = 0"
    before = raw.execute(sealed).fetchone()
    assert store.transact("alice", spend(59_000_000))
    assert raw.execute(sealed).fetchone() == before


def test_a_new_generation_seals_everything_again(store: Store, raw: Raw) -> None:
    store.transact("alice", put(ALICE))
    before = raw.execute("SELECT secret, phone FROM accounts WHERE part = 0").fetchone()
    moved = replace(ALICE, generation=ALICE.generation + 1)
    store.transact("alice", put(moved))
    after = raw.execute("SELECT secret, phone FROM accounts WHERE part = 0").fetchone()
    assert not set(before) & set(after)
    assert store.read("alice") == moved


def test_promise_1_a_step_is_accepted_once_in_one_batch(store: Store) -> None:
    store.transact("alice", put(ALICE))
    assert store.run([Job("alice", spend(59_000_000))] * 4) == [True, False, False, False]
    assert store.run([Job("alice", spend(59_000_000))] * 4) == [False] * 4


@ONLY_SQLITE
def test_a_state_that_somebody_keeps_locked_is_a_problem_that_passes(
    place: ScopeResult, folder: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "BUSY_SECONDS", 0.05)
    with (
        closing(place.open(vault, create=True)) as store,
        closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as other,
    ):
        store.transact("alice", put(ALICE))
        other.execute("BEGIN IMMEDIATE")
        problem, same = store.run([Job("alice", look), Job("bob", look)])
        assert problem is same
        assert "another process keeps the state" in str(problem)
        assert store.read("alice") == ALICE, "what only reads does not wait for a writer"
        other.execute("ROLLBACK")
        assert store.transact("alice", look) == ALICE


@ONLY_SQLITE
def test_a_backup_put_in_place_of_the_state_is_what_counts_from_then_on(
    folder: Path, store: Store, vault: Vault
) -> None:
    with closing(Store.open(folder.with_name("backup"), vault, create=True)) as backup:
        backup.transact("bob", put(BOB))
    store.transact("alice", put(ALICE))
    for file in folder.iterdir():
        file.unlink()
    (folder.with_name("backup") / "state.db").rename(folder / "state.db")
    assert (store.read("alice"), store.read("bob")) == (None, BOB)
    assert store.transact("bob", put(replace(BOB, uid=9))) == BOB


@ONLY_SQLITE
def test_a_state_that_was_taken_away_is_a_problem_until_it_is_back(folder: Path, store: Store) -> None:
    store.transact("alice", put(ALICE))
    store.close()
    (folder / "state.db").rename(folder / "away")
    (problem,) = store.run([Job("alice", look)])
    assert str(problem).startswith(f"there is no state in {folder}; ")
    assert not (folder / "state.db").exists(), "and none was made in its place"
    with pytest.raises(StateProblem):
        store.read("alice")
    (folder / "away").rename(folder / "state.db")
    assert store.read("alice") == ALICE


@pytest.mark.parametrize("name", ["al\udcffice", "\udc80"])
def test_a_name_that_is_not_utf_8_is_that_persons_problem_alone(store: Store, name: str) -> None:
    problem, made = store.run([Job(name, look), Job("alice", put(ALICE))])
    assert "is not UTF-8" in str(problem)
    assert made is None
    for call in (
        lambda: store.read(name),
        lambda: store.transact(name, look),
        lambda: store.discard(name),
        lambda: store.remembered_not_member(name, 1, "digest"),
        lambda: store.remember_not_member(name, 1, "digest", 5),
        lambda: store.sync_scope([name], 5),
    ):
        with pytest.raises(StateProblem, match="is not UTF-8"):
            call()
    assert str(problem).isascii(), "it can be logged"


def test_a_closed_store_opens_again_when_it_is_used(store: Store) -> None:
    store.transact("alice", put(ALICE))
    store.close()
    store.close()
    assert store.read("alice") == ALICE


@ONLY_SQLITE
def test_users_who_cannot_be_listed_at_once_are_listed_one_by_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> dict[str, tuple[object, ...]]:
        raise sqlite3.DatabaseError

    for account in (ALICE, BOB):
        store.transact(account.name, put(account))
    monkeypatch.setattr(connection_module.SqliteConnection, "records", unreadable)
    assert store.survey(["alice", "nobody", "bob"]) == [with_secret_sealed(ALICE), None, with_secret_sealed(BOB)]
