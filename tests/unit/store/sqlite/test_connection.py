"""The connection to SQLite: what is set on it, and what is erased."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from rw2fa_daemon.store.sqlite import connection
from rw2fa_daemon.store.sqlite.connection import SqliteConnection, connect
from rw2fa_daemon.store.store import Store
from tests.unit.store.place import ONLY_SQLITE
from tests.unit.store.samples import ALICE, put

pytestmark = ONLY_SQLITE


@pytest.fixture
def file(folder: Path, store: Store) -> Path:
    return folder / "state.db"


@pytest.fixture
def driver(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(file)) as driver:
        yield driver


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("secure_delete", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("temp_store", 2),
        ("cache_size", -8_192),
        ("journal_size_limit", 16_777_216),
        ("busy_timeout", 2_000),
    ],
)
def test_what_promises_1_and_7_rest_on_is_set(driver: sqlite3.Connection, setting: str, value: object) -> None:
    assert driver.execute(f"PRAGMA {setting}").fetchone() == (value,)


def test_nothing_is_a_transaction_unless_it_is_begun(driver: sqlite3.Connection) -> None:
    driver.execute("DELETE FROM meta WHERE key = 'nothing'")
    assert not driver.in_transaction


def test_a_state_that_is_gone_is_not_made_anew(file: Path) -> None:
    file.rename(file.with_name("before"))
    with pytest.raises(sqlite3.OperationalError):
        connect(file)
    assert not file.exists()


def test_promise_7_what_was_deleted_is_in_no_file_afterwards(store: Store, file: Path) -> None:
    store.transact("alice", put(ALICE))
    store.discard("alice")
    assert store.purge()
    assert b"alice" not in b"".join(path.read_bytes() for path in file.parent.iterdir())


def test_who_reads_keeps_the_log_and_the_administrator_hears_of_it(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.transact("alice", put(ALICE))
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    store.close()
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM accounts").fetchone()
        store.discard("alice")
        assert not store.purge()
        reader.execute("ROLLBACK")
    assert store.purge()


def test_a_snapshot_sees_one_moment_and_blocks_no_writer(driver: sqlite3.Connection, store: Store) -> None:
    other = SqliteConnection(driver)
    with other.snapshot():
        assert other.record("alice") == (None,) * 32
        store.transact("alice", put(ALICE))
        assert other.record("alice") == (None,) * 32
    assert not driver.in_transaction
    assert other.record("alice") != (None,) * 32


def test_a_block_that_raises_leaves_nothing_behind(driver: sqlite3.Connection) -> None:
    own = SqliteConnection(driver)
    with suppress(ZeroDivisionError), own.transaction():
        driver.execute("DELETE FROM meta")
        raise ZeroDivisionError
    assert not driver.in_transaction
    assert own.meta("key_check") is not None


def test_closing_twice_is_no_error(file: Path) -> None:
    own = SqliteConnection(connect(file))
    own.close()
    own.close()
    with pytest.raises(sqlite3.ProgrammingError):
        own.meta("key_check")
