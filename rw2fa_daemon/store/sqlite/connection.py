"""One connection to the database, for the life of the process."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from rw2fa_daemon.store import statements as sql
from rw2fa_daemon.store.problem import StateProblem

SELECT_RECORDS: Final = sql.select_records("SELECT value AS name FROM json_each(?)")

BUSY_SECONDS: Final = 2.0
"""How long to wait for another process's transaction."""

CACHE_KIB: Final = 8 * 1024
"""Page cache: the inner pages of a million accounts, or all pages of ten thousand."""

WAL_BYTES_MAX: Final = 16 * 1024 * 1024
"""The write-ahead log is truncated to this after it has grown larger."""

# Durable before COMMIT returns (promise 1); no code from a file that others may have written is
# executed; deleted content is overwritten; no temporary files, for which the sandbox has no place.
_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    f"PRAGMA journal_size_limit = {WAL_BYTES_MAX}",
)


class SqliteConnection:
    """A cursor of the database driver, reused for every statement. Raises the driver's errors."""

    __slots__ = ("_connection", "_cursor")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection: Final = connection
        self._cursor: Final = connection.cursor()

    def one(self, statement: str, *parameters: object) -> tuple[Any, ...] | None:
        """The first row; None if there is none."""
        row: tuple[Any, ...] | None = self._cursor.execute(statement, parameters).fetchone()
        return row

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows."""
        return self._cursor.execute(statement, parameters).fetchall()

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """The statement once for each row of parameters."""
        self._cursor.executemany(statement, rows)

    def record(self, name: str) -> tuple[Any, ...] | None:
        """What `SELECT_RECORD` gives for this name."""
        row: tuple[Any, ...] | None = self._cursor.execute(sql.SELECT_RECORD, (name,)).fetchone()
        return row

    def records(self, names: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """What `record` gives for each of these names, in one query; names that JSON or SQLite alter are missing."""
        asked = json.dumps(names, ensure_ascii=False)
        return {row[0]: row[1:] for row in self._cursor.execute(SELECT_RECORDS, (asked,))}

    def meta(self, key: str) -> object:
        """The value of a row of `meta`; None if there is no such row."""
        row = self._cursor.execute(sql.SELECT_META, (key,)).fetchone()
        return None if row is None else row[0]

    def look_ahead(self, names: Iterable[str]) -> None:
        """Nothing to do: reading a local file is quick."""

    def begin(self, names: Iterable[str] = ()) -> None:  # noqa: ARG002 - SQLite locks the whole database
        """Start a transaction that may write; no other transaction writes until it ends."""
        self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit; what was written is durable when this returns."""
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        """Roll the transaction back, if one is open."""
        if self._connection.in_transaction:
            self._cursor.execute("ROLLBACK")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block in a transaction, rolled back if the block raises."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def incarnation(self) -> str:
        """Empty: a file does not change servers."""
        return ""

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Run a block that reads one consistent snapshot, taken at its first query."""
        self._cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                self.rollback()

    def purge(self) -> bool:
        """Checkpoint and truncate the write-ahead log; False if a reader prevents it for longer than BUSY_SECONDS.

        In the file itself deleted content is overwritten (`secure_delete`).
        """
        (busy, _frames, _moved) = self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def revision(self) -> str | None:
        """The schema revision; None if there are no tables, empty if the tables do not name one."""
        (tables,) = self._cursor.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            return None
        row = self._cursor.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row is not None else ""

    def check_tables(self) -> None:
        """Raise the driver's error if a table or column that a statement uses is missing."""
        for statement in (*sql.STATEMENTS.values(), SELECT_RECORDS):
            self._cursor.execute(f"EXPLAIN {statement}", (None,) * statement.count("?")).fetchall()

    def close(self) -> None:
        """Close it; never fails."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()


def connect(path: Path) -> sqlite3.Connection:
    """A connection to an existing file, in WAL mode. Raises `StateProblem` or the driver's errors."""
    connection = sqlite3.connect(
        # Never creates: a state that is gone must not come back empty.
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
    )
    try:
        # An altered file may hold any bytes; they must fail at the check of the seal.
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        demand_log(connection, path)
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def demand_log(connection: sqlite3.Connection, path: Path) -> None:
    """Set WAL mode; raises `StateProblem` if SQLite cannot use it here."""
    (granted,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if granted != "wal":
        raise StateProblem(
            f"SQLite cannot keep a write-ahead log in {path.parent} (it offers {granted!r})",
            "set `state` in [paths] to a folder on a local disk",
        )
