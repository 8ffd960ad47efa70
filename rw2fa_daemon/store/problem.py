"""What is wrong with the state, in words for an administrator."""

import os
import sqlite3
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem


class StateProblem(Problem):
    """The state cannot be used: as a whole, or what it holds about one person."""


def shown(name: str) -> str:
    """A user's name as it may stand in a log: what cannot be printed is escaped."""
    return name if name.isprintable() else ascii(name)


def altered(name: str) -> StateProblem:
    """The problem of a record that is not as rw2fa wrote it last (promise 7)."""
    return StateProblem(
        f"the record of {shown(name)} is not the one that was stored last: it was altered, replaced by an older "
        "one, or moved from another user",
        f"find out who wrote to the state; then put back the whole state from a backup, or start {shown(name)} "
        f"over with `rw2fa users reset {shown(name)}`",
    )


def not_utf8(name: str) -> StateProblem:
    """The problem of a name that cannot be stored."""
    return StateProblem(f"the user name {name!a} is not UTF-8", "give the user a name that is")


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


def database_problem(error: sqlite3.Error, folder: Path) -> StateProblem:
    """What an error of the database means; its own text is left out, since it may quote values."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    if code == sqlite3.SQLITE_CANTOPEN and _read_only(folder):
        # SQLite says so where it cannot make the files beside the state.
        code = sqlite3.SQLITE_READONLY
    if known := _BY_CODE.get(code):
        what, fix = (text.format(folder=folder) for text in known)
        return StateProblem(what, fix)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return StateProblem(
        f"the state in {folder} cannot be used: the database says {name}",
        "run `rw2fa doctor`; if it finds nothing, put the state back from a backup",
    )


def _read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False
