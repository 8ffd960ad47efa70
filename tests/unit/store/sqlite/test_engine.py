"""What an administrator reads when SQLite fails."""

import sqlite3
from pathlib import Path

import pytest

from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.sqlite.engine import SqliteEngine

FOLDER = Path("/nonexistent/state")


def error(code: int, name: str = "SQLITE_WHATEVER") -> sqlite3.Error:
    raised = sqlite3.OperationalError("near 'JBSWY3DPEHPK3PXP': some text that quotes a value")
    raised.sqlite_errorcode = code
    raised.sqlite_errorname = name
    return raised


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_BUSY, "locked"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "locked"),
        (sqlite3.SQLITE_FULL, "full"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "can be read but not written"),
        (sqlite3.SQLITE_IOERR_FSYNC, "reading or writing"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "damaged"),
        (sqlite3.SQLITE_NOTADB, "no database"),
        (sqlite3.SQLITE_NOMEM, "the database says SQLITE_WHATEVER"),
    ],
)
def test_each_error_says_what_is_wrong_and_what_to_do_and_quotes_nothing(code: int, said: str) -> None:
    problem = SqliteEngine(FOLDER).problem(error(code))
    assert isinstance(problem, StateProblem)
    assert said in problem.what
    assert str(FOLDER) in problem.what
    assert problem.fix
    assert "JBSWY3DPEHPK3PXP" not in str(problem)


def test_an_error_of_the_driver_itself_is_named() -> None:
    assert "the database says ProgrammingError" in str(SqliteEngine(FOLDER).problem(sqlite3.ProgrammingError("x")))
