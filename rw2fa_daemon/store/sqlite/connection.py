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
"""Pages kept in memory: the inner ones of a million accounts, or all of ten thousand."""

WAL_BYTES_KEPT: Final = 16 * 1024 * 1024
"""What the write-ahead log is cut to after it had to grow beyond."""

# Durable before COMMIT returns (promise 1); nothing in a file that others may have written is
# executed; what is deleted is overwritten; no temporary files, which the sandbox has no place for.
_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}",
)


class SqliteConnection:
    """A cursor of the database driver, reused for every statement. Raises the driver's errors."""

    __slots__ = ("_connection", "_cursor")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection: Final = connection
        self._cursor: Final = connection.cursor()

    def one(self, statement: str, *parameters: object) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
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
        """What `record` gives for each of these names, by one statement; without those that JSON or SQLite change."""
        asked = json.dumps(names, ensure_ascii=False)
        return {row[0]: row[1:] for row in self._cursor.execute(SELECT_RECORDS, (asked,))}

    def meta(self, key: str) -> object:
        """The value of a row of `meta`; None if there is no such row."""
        row = self._cursor.execute(sql.SELECT_META, (key,)).fetchone()
        return None if row is None else row[0]

    def look_ahead(self, names: Iterable[str]) -> None:
        """Nothing: a look takes no time here."""

    def begin(self, names: Iterable[str] = ()) -> None:  # noqa: ARG002 - here a transaction has all accounts
        """Start a transaction that may write: no other does until it ends."""
        self._cursor.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """End it; what it wrote is durable when this returns."""
        self._cursor.execute("COMMIT")

    def rollback(self) -> None:
        """End the transaction, if there still is one, as if it had not been."""
        if self._connection.in_transaction:
            self._cursor.execute("ROLLBACK")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction around a block; one that ends with an error leaves nothing behind."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def incarnation(self) -> str:
        """Nothing: a file does not change servers."""
        return ""

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """A block in which everything is read as of one moment: of the first look in it."""
        self._cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                self.rollback()

    def purge(self) -> bool:
        """Write the log into the file and empty it; False if somebody reads in it for longer than BUSY_SECONDS.

        In the file itself what is deleted is overwritten (`secure_delete`).
        """
        (busy, _frames, _moved) = self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def revision(self) -> str | None:
        """The revision of the tables; None if there are no tables at all, empty if none is noted."""
        (tables,) = self._cursor.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            return None
        row = self._cursor.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row is not None else ""

    def check_tables(self) -> None:
        """Raise the driver's error if a table or column that a statement names is not there."""
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
        # An altered file may hold any bytes; they must fail where the seal is checked.
        connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        demand_log(connection, path)
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def demand_log(connection: sqlite3.Connection, path: Path) -> None:
    """Set WAL mode; raises `StateProblem` where SQLite cannot have it."""
    (granted,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if granted != "wal":
        raise StateProblem(
            f"SQLite cannot keep a write-ahead log in {path.parent} (it offers {granted!r})",
            "set `state` in [paths] to a folder on a local disk",
        )
