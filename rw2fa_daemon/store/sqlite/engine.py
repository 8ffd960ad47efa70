"""The store's engine for SQLite."""

import os
import sqlite3
from pathlib import Path
from typing import Final

from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.sqlite import mounts, place
from rw2fa_daemon.store.sqlite.connection import SqliteConnection, connect

# By SQLite's primary result codes (https://www.sqlite.org/rescode.html). {folder} is the state's.
_BY_CODE: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_BUSY: (
        "another process keeps the state in {folder} locked",
        "try again; if it stays so, find that process with `fuser -v {folder}/*`",
    ),
    sqlite3.SQLITE_LOCKED: (
        "another process keeps the state in {folder} locked",
        "try again; if it stays so, find that process with `fuser -v {folder}/*`",
    ),
    sqlite3.SQLITE_FULL: (
        "the disk of {folder} is full",
        "make room there (`df {folder}`); nothing has to be restarted",
    ),
    sqlite3.SQLITE_READONLY: (
        "the state in {folder} can be read but not written",
        "look whether its file system is mounted read-only (`findmnt -T {folder}`) and who owns it (`ls -la {folder}`)",
    ),
    sqlite3.SQLITE_IOERR: (
        "reading or writing the state in {folder} failed",
        "look for disk errors and quotas (`journalctl -k`, `df {folder}`)",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the state in {folder} cannot be opened",
        "look who owns it (`ls -la {folder}`) and whether its file system is mounted",
    ),
    sqlite3.SQLITE_PERM: (
        "the state in {folder} may not be opened by this user",
        "run this as root, and look who owns it (`ls -la {folder}`)",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the state in {folder} is damaged",
        "put it back from a backup, and look for disk errors (`journalctl -k`)",
    ),
    sqlite3.SQLITE_NOTADB: (
        "the state in {folder} is no database",
        "put it back from a backup",
    ),
}
_PRIMARY_CODE: Final = 0xFF

# After these the connection is still usable; after any other it is reopened.
_PASSING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL})


class SqliteEngine:
    """A file in `folder`, which must not be on a network file system according to `mountinfo`."""

    errors: Final = (sqlite3.Error,)
    row_errors: Final = (sqlite3.DatabaseError,)
    """One page may be unreadable and others not."""
    url: Final = "sqlite://"
    migration_begins_with: Final = ("BEGIN IMMEDIATE",)

    def __init__(self, folder: Path, mountinfo: Path = mounts.MOUNTINFO) -> None:
        self._folder: Final = folder
        self._path: Final = folder / place.FILE_NAME
        self._mountinfo: Final = mountinfo

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    def create(self, owner: tuple[int, int] | None) -> None:
        """Make the folder and an empty file in it, if they are missing."""
        mounts.refuse_network(self._folder, self._mountinfo)
        place.create(self._folder, owner)

    def identity(self) -> tuple[int, int]:
        """Device and inode: writes to a file that was removed would be lost."""
        return place.identity(self._path)

    def connect_driver(self) -> sqlite3.Connection:
        """See `connection.connect`."""
        mounts.refuse_network(self._folder, self._mountinfo)
        return connect(self._path)

    def connection(self, driver: sqlite3.Connection) -> SqliteConnection:
        """Wrap a connection of the driver."""
        return SqliteConnection(driver)

    def problem(self, error: Exception) -> StateProblem:
        """Explain an error of the database."""
        code = _code(error)
        if code == sqlite3.SQLITE_CANTOPEN and _read_only(self._folder):
            # SQLite says so when it cannot create the files beside the state.
            code = sqlite3.SQLITE_READONLY
        if known := _BY_CODE.get(code):
            what, fix = (text.format(folder=self._folder) for text in known)
            return StateProblem(what, fix)
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        return StateProblem(
            f"the state in {self._folder} cannot be used: the database says {name}",
            "run `rw2fa doctor`; if it finds nothing, put the state back from a backup",
        )

    def passes(self, error: Exception) -> bool:
        """Whether the connection is still usable."""
        # ProgrammingError and the like have no code, and are not the connection's fault.
        return not hasattr(error, "sqlite_errorcode") or _code(error) in _PASSING

    def misfit(self, error: Exception) -> str | None:
        """SQLite's message for a statement that does not fit the tables: "no such table: …"."""
        fits = not isinstance(error, sqlite3.OperationalError) or error.sqlite_errorcode != sqlite3.SQLITE_ERROR
        return None if fits else str(error)


def _code(error: Exception) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & _PRIMARY_CODE


def _read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False
