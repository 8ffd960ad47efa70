"""Promise 7: what `users reset` and `users remove` destroy is in no file of the state when they return."""

import sqlite3
from contextlib import closing

import pytest

from tests.integration.cli.command import Host

OTHERS = ("bin", "sys", "games")
ALICE = "daemon"


@pytest.fixture
def people(host: Host) -> Host:
    """A host whose people have devices."""
    host.does("users", "add", ALICE, *OTHERS)
    host.config.write_text(f"enabled = true\n{host.config.read_text().lstrip()}")
    host.enrol(ALICE, *OTHERS)
    return host


def sealed(host: Host, name: str) -> list[bytes]:
    """What lies encrypted of somebody: the secret as it is stored, and the seal of the record."""
    with closing(sqlite3.connect(host.state / "state.db")) as raw:
        row = raw.execute("SELECT secret, seal FROM accounts WHERE name = ? AND part = 0", (name,)).fetchone()
    assert all(isinstance(value, bytes) and len(value) >= 16 for value in row)
    return list(row)


def files_with(host: Host, pieces: list[bytes]) -> list[str]:
    """The files of the state folder that hold any of these bytes."""
    found = []
    for file in sorted(host.state.iterdir()):
        content = file.read_bytes()
        if any(piece in content for piece in pieces):
            found.append(file.name)
    return found


@pytest.mark.parametrize("command", ["reset", "remove"])
@pytest.mark.parametrize("running", [False, True])
def test_promise_7_an_old_record_is_in_no_file_when_the_command_returns(
    people: Host, command: str, running: bool
) -> None:
    if not running:
        old = sealed(people, ALICE)
        assert files_with(people, old) != []
        people.does("users", command, ALICE, "--yes")
        assert files_with(people, old) == []
        return
    with people.daemon():
        old = sealed(people, ALICE)
        for offset, name in enumerate((ALICE, *OTHERS, ALICE)):
            assert people.login(name, people.code(name, offset))["rule"] == "code-right"
            old += sealed(people, ALICE)
        assert "state.db-wal" in files_with(people, old)
        done = people.rw2fa("users", command, ALICE, "--yes")
        assert done.status == 0
        assert "still in the write-ahead log" not in done.err
        assert files_with(people, old) == []
        assert people.login("bin", people.code("bin", 9))["rule"] == "code-right"


def test_promise_7_an_old_record_that_a_reader_keeps_is_told_and_goes_with_the_next_command(people: Host) -> None:
    old = sealed(people, ALICE)
    with people.daemon(), closing(sqlite3.connect(people.state / "state.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM accounts").fetchone()
        done = people.rw2fa("users", "reset", ALICE, "--yes")
        assert done.status == 0
        assert "still in the write-ahead log" in done.err
        reader.execute("ROLLBACK")
        people.does("users", "purge", "--yes")
        assert files_with(people, old) == []
