"""What an administrator reads when SQLite fails."""

import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

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


def test_only_on_a_file_system_that_is_read_only_a_state_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SqliteEngine(tmp_path)
    assert "cannot be opened" in engine.problem(error(sqlite3.SQLITE_CANTOPEN)).what
    monkeypatch.setattr(os, "statvfs", lambda _folder: SimpleNamespace(f_flag=os.ST_RDONLY | os.ST_NOSUID))
    assert "not written" in engine.problem(error(sqlite3.SQLITE_CANTOPEN)).what
    assert "the disk of" in engine.problem(error(sqlite3.SQLITE_FULL)).what


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_LOCKED])
def test_after_a_passing_error_the_connection_is_used_again(code: int) -> None:
    assert SqliteEngine(FOLDER).passes(error(code))
    assert SqliteEngine(FOLDER).passes(sqlite3.ProgrammingError("not the connection's"))


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_READONLY])
def test_after_any_other_it_is_made_anew(code: int) -> None:
    assert not SqliteEngine(FOLDER).passes(error(code))


def test_only_a_statement_that_does_not_fit_the_tables_is_a_misfit() -> None:
    engine = SqliteEngine(FOLDER)
    with pytest.raises(sqlite3.OperationalError) as raised:
        sqlite3.connect(":memory:").execute("SELECT 1 FROM nowhere")
    assert engine.misfit(raised.value) == "no such table: nowhere"
    assert engine.misfit(error(sqlite3.SQLITE_BUSY)) is None
    assert engine.misfit(sqlite3.DatabaseError("x")) is None
