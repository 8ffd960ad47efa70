"""One connection to PostgreSQL: whole batches in two round trips."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.problem import no_nul

# Locks of the whole state, by two numbers of 32 bits; names have one of 64, which PostgreSQL keeps apart from those.
_CLASS: Final = 0x7277_3266
LOCK_STATE: Final = f"SELECT pg_advisory_xact_lock({_CLASS}, 1)"
_SHARE_STATE: Final = f"SELECT pg_advisory_xact_lock_shared({_CLASS}, 1)"
# In the order of the list, so that two hosts that want the same names do not deadlock.
_LOCK_NAMES: Final = "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(%s::bigint[]) AS key"
_LOCK_BYTES: Final = 8

ROWS_AT_ONCE: Final = 2_000
"""Sent without waiting for an answer; more than any batch of logins has."""

_MARKED: Final = {statement: statement.replace("?", "%s") for statement in sql.STATEMENTS.values()}
"""Each statement with psycopg's mark for a parameter."""
_SELECT_RECORD: Final = _MARKED[sql.SELECT_RECORD]
_SELECT_RECORDS: Final = sql.select_records("SELECT name FROM unnest(%s::text[]) AS name")
_SELECT_META: Final = _MARKED[sql.SELECT_META]

# Not the timeline of pg_control_checkpoint(), which lags behind a promotion by up to a checkpoint.
_INCARNATION: Final = """
    SELECT system_identifier, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) FROM pg_control_system()
"""

Row = tuple[Any, ...]


class PostgresqlConnection:
    """A connection of the driver in autocommit mode.

    A batch takes advisory locks on the names of its accounts, in the order of their digests, and reads the
    accounts by a later statement, which sees what the previous holder committed, rows inserted or deleted
    included. Row locks would write to the rows. Writes within a transaction are held back and sent with the
    COMMIT.
    """

    __slots__ = ("_cursor", "_driver", "_held_back", "_meta", "_records")

    def __init__(self, driver: psycopg.Connection[Row]) -> None:
        self._driver: Final = driver
        self._cursor: Final = driver.cursor(binary=True)
        self._records: dict[str, Row] = {}
        self._meta: dict[str, object] | None = None
        self._held_back: list[tuple[str, list[Sequence[object]]]] | None = None
        """None outside of a transaction."""

    def one(self, statement: str, *parameters: object) -> Row | None:
        """The first row; None if there is none."""
        return self._cursor.execute(_MARKED[statement], parameters).fetchone()

    def rows(self, statement: str, *parameters: object) -> list[Row]:
        """All rows."""
        return self._cursor.execute(_MARKED[statement], parameters).fetchall()

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """The statement once for each row of parameters."""
        if self._held_back is None:
            self._cursor.executemany(_MARKED[statement], list(rows))
        else:
            self._held_back.append((_MARKED[statement], list(rows)))

    def record(self, name: str) -> Row | None:
        """What `SELECT_RECORD` gives for this name."""
        if "\0" in name:
            raise no_nul(name)
        if (known := self._records.get(name)) is not None:
            return known
        name.encode()
        return self._cursor.execute(_SELECT_RECORD, (name,)).fetchone()

    def records(self, names: Sequence[str]) -> dict[str, Row]:
        """What `record` gives for each of these names, in one query; names that cannot be stored are missing."""
        wanted = [name for name in names if _lock_key(name) is not None]
        found = self._cursor.execute(_SELECT_RECORDS, (wanted,))
        return {row[0]: row[1:] for row in found}

    def meta(self, key: str) -> object:
        """The value of a row of `meta`; None if there is no such row."""
        if self._meta is not None:
            return self._meta.get(key)
        row = self._cursor.execute(_SELECT_META, (key,)).fetchone()
        return None if row is None else row[0]

    def look_ahead(self, names: Iterable[str]) -> None:
        """Prefetch these records and `meta`, and serve them until `rollback`."""
        wanted = {name for name in names if _lock_key(name) is not None}
        with self._driver.pipeline():
            answers = self._ask(wanted)
        self._keep(*answers)

    def begin(self, names: Iterable[str]) -> None:
        """Start a transaction; lock and prefetch the accounts of these names."""
        wanted = {name: key for name in names if (key := _lock_key(name)) is not None}
        with self._driver.pipeline():
            self._driver.execute("BEGIN")
            self._driver.execute(_SHARE_STATE)
            self._driver.execute(_LOCK_NAMES, (sorted(set(wanted.values())),))
            answers = self._ask(wanted)
        self._keep(*answers)
        self._held_back = []

    def commit(self) -> None:
        """Send the writes that were held back, and commit; durable when this returns."""
        parts = [
            (statement, rows[start : start + ROWS_AT_ONCE])
            for statement, rows in self._held_back or []
            for start in range(0, len(rows), ROWS_AT_ONCE)
        ]
        if sum(len(rows) for _, rows in parts) > ROWS_AT_ONCE:
            # Each has its own answer, with its own deadline.
            for statement, rows in parts:
                self._cursor.executemany(statement, rows)
            parts = []
        with self._driver.pipeline():
            for statement, rows in parts:
                self._cursor.executemany(statement, rows)
            self._driver.execute("COMMIT")
        self._forget()

    def rollback(self) -> None:
        """Roll the transaction back, if one is open; closes the connection if that fails."""
        self._forget()
        try:
            if self._driver.info.transaction_status is not TransactionStatus.IDLE:
                self._driver.execute("ROLLBACK")
        except psycopg.Error:
            self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block in an exclusive transaction, rolled back if the block raises."""
        try:
            with self._driver.pipeline():
                self._driver.execute("BEGIN")
                self._driver.execute(LOCK_STATE)
            self._held_back = []
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Run a block that reads one consistent snapshot, taken at its first query."""
        self._driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self.rollback()

    def incarnation(self) -> str:
        """The identifier of the cluster and its current timeline."""
        return "{}/{}".format(*self._found(_INCARNATION))

    def purge(self) -> bool:
        """Nothing to do: the server's files are cleaned by VACUUM and when it recycles its log."""
        return True

    def revision(self) -> str | None:
        """The schema revision; None if there are no tables, empty if the tables do not name one."""
        (tables,) = self._found("SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()")
        if not tables:
            return None
        row = self._cursor.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row is not None else ""

    def check_tables(self) -> None:
        """Raise the driver's error if a table or column that a statement uses is missing."""
        for statement in (*_MARKED.values(), _SELECT_RECORDS):
            self._driver.execute(f"EXPLAIN {statement}", (None,) * statement.count("%s"), prepare=False)

    def close(self) -> None:
        """Close it; never fails."""
        self._forget()
        with contextlib.suppress(psycopg.Error):
            self._driver.close()

    def _ask(self, names: Iterable[str]) -> tuple[psycopg.Cursor[Row], psycopg.Cursor[Row]]:
        """Send the queries for `meta` and for these records."""
        meta = self._driver.execute(sql.LIST_META, binary=True)
        return meta, self._driver.execute(_SELECT_RECORDS, (list(names),), binary=True)

    def _keep(self, meta: psycopg.Cursor[Row], records: psycopg.Cursor[Row]) -> None:
        self._meta = dict(meta.fetchall())
        self._records = {row[0]: row[1:] for row in records.fetchall()}

    def _forget(self) -> None:
        self._held_back = self._meta = None
        self._records = {}

    def _found(self, statement: str) -> Row:
        row = self._cursor.execute(statement).fetchone()
        assert row is not None, "a query for one value"
        return row


def _lock_key(name: str) -> int | None:
    """The advisory lock of a name; None for a name that cannot be stored."""
    try:
        text = name.encode()
    except UnicodeEncodeError:
        return None
    if b"\0" in text:
        return None
    return int.from_bytes(hashlib.blake2b(text, digest_size=_LOCK_BYTES).digest(), signed=True)
