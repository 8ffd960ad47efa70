"""Opening the state: what must be true before a login may rely on it."""

import sqlite3
from pathlib import Path
from typing import Final

from rw2fa_daemon.store import compiled_sqlite as sql
from rw2fa_daemon.store import floor, migrate, mounts, place
from rw2fa_daemon.store.connection import Connection, check_tables, connect
from rw2fa_daemon.store.problem import StateProblem, database_problem
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.vault import Tampered, Vault

KEY_CHECK: Final = "key_check"
_KEY_CHECK_CONTEXT: Final = Context("meta", "value", KEY_CHECK, 0)
_KEY_CHECK_PLAIN: Final = b"rw2fa"


def open_connection(folder: Path, vault: Vault, *, create: bool, mountinfo: Path) -> Connection:
    """A connection to the state in `folder`, its tables at this version's schema, its key right.

    `create` says whether an empty file becomes a new state. Raises `StateProblem`.
    """
    path = folder / place.FILE_NAME
    mounts.refuse_network(folder, mountinfo)
    try:
        connection = connect(path)
        try:
            _prepare(connection, vault, path, create=create)
            floor.read(Connection(connection))
        except BaseException:
            connection.close()
            raise
        return Connection(connection)
    except sqlite3.Error as error:
        raise database_problem(error, folder) from error


def _prepare(connection: sqlite3.Connection, vault: Vault, path: Path, *, create: bool) -> None:
    folder = path.parent
    try:
        found = migrate.revision(connection)
        if found is None and not create:
            raise place.missing(folder)
        if found == "":
            raise _broken(folder, "the number of the schema is missing")
        if found != migrate.HEAD:
            migrate.migrate(lambda: connect(path), lambda fresh: _fill(fresh, vault), folder)
        check_tables(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        # What SQLite says of a statement that does not fit: "no such table: …".
        raise _broken(folder, str(error)) from error
    row = connection.execute(sql.SELECT_META, (KEY_CHECK,)).fetchone()
    if row is None:
        raise _broken(folder, "the check value of the master key is missing")
    try:
        vault.open(row[0], _KEY_CHECK_CONTEXT)
    except (Tampered, TypeError):
        raise StateProblem(
            f"the master key is not the one that the state in {folder} is encrypted under",
            "put the right key back in its place, or the state that belongs to this key",
        ) from None


def _fill(connection: sqlite3.Connection, vault: Vault) -> None:
    """What new tables must hold: something sealed, by which a wrong key is noticed."""
    if connection.execute(sql.SELECT_META, (KEY_CHECK,)).fetchone() is None:
        connection.execute(sql.INSERT_META, (KEY_CHECK, vault.seal(_KEY_CHECK_PLAIN, _KEY_CHECK_CONTEXT)))


def _broken(folder: Path, reason: str) -> StateProblem:
    return StateProblem(
        f"the tables of the state in {folder} are not as rw2fa made them: {reason}",
        "put the state back from a backup",
    )
