"""Promise 13 for the administrator: what is typed in any spelling is stored as the directory has it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.cli.command import Done, Host, run
from tests.support.nss import FakeDirectory, Guest, GuestUnavailable

UID = 61_001
GID = 61_001


@dataclass
class Office(Host):
    """A host whose directory is the fake one."""

    guest: Guest = field(kw_only=True)

    def rw2fa(self, *arguments: str) -> Done:
        """Run the command where the fake directory answers."""
        return self.guest.call(run, self.argv(*arguments))


@pytest.fixture
def directory(tmp_path: Path) -> FakeDirectory:
    directory = FakeDirectory(tmp_path / "directory")
    directory.user("alice", UID, GID)
    directory.user("Élodie", UID + 1, GID)
    directory.group("office", GID + 1, ["alice"])
    return directory


@pytest.fixture
def office(tmp_path: Path, directory: FakeDirectory) -> Iterator[Office]:
    tmp_path.chmod(0o755)
    try:
        guest = Guest(directory.folder)
    except GuestUnavailable as problem:
        pytest.skip(f"no namespace with another directory can be made here: {problem}")
    with guest:
        office = Office(tmp_path, guest=guest)
        office.configure("enabled = true")
        office.does("init")
        yield office


@pytest.mark.parametrize("typed", ["alice", "ALICE", "CORP\\alice", "alice@corp"])
def test_promise_13_any_spelling_is_stored_as_the_directory_has_it(office: Office, typed: str) -> None:
    office.does("users", "add", typed)
    assert office.json("settings", "get", "scope.users")["value"] == ["alice"]
    office.does("whitelist", "add", typed)
    assert office.json("whitelist", "list") == ["alice"]
    shown = office.json("users", "show", typed)
    assert (shown["user"], shown["uid"], shown["enabled"]) == ("alice", UID, True)
    assert office.json("explain", typed, "--service", "sshd")["rule"] == "enrol"
    office.does("users", "enrol", typed)
    office.does("users", "reset", typed, "--yes")
    office.does("users", "remove", typed, "--yes")
    assert office.json("users", "list")["users"] == []


def test_promise_13_a_spelling_written_by_hand_counts_and_can_be_removed(office: Office) -> None:
    office.configure('enabled = true\nscope.users = ["ALICE"]')
    assert office.json("users", "show", "alice")["enabled"] is True
    secret = office.json("users", "enrol", "alice")["secret"]
    assert office.json("users", "enrol", "CORP\\alice")["secret"] == secret
    assert [user["user"] for user in office.json("users", "list")["users"]] == ["alice"]
    office.does("users", "remove", "alice", "--yes")
    assert office.json("settings", "get", "scope.users")["value"] == []
    assert office.json("users", "list")["users"] == []


def test_names_beyond_ascii_are_names(office: Office) -> None:
    office.does("users", "add", "Élodie")
    assert office.json("users", "list")["users"][0]["user"] == "Élodie"
    assert "%C3%89lodie" in office.json("users", "enrol", "Élodie")["uri"]


def test_a_directory_that_is_down_adds_nobody_and_destroys_nothing(office: Office, directory: FakeDirectory) -> None:
    office.does("users", "add", "@office")
    secret = office.json("users", "enrol", "alice")["secret"]
    before = office.config.read_bytes()
    directory.budget(0)
    assert "the directory does not answer" in office.refuses("users", "add", "Élodie", "@other")
    assert office.config.read_bytes() == before
    assert office.json("status")["users_enabled"] is None
    office.does("users", "remove", "@office", "--yes")
    directory.heal()
    office.does("users", "add", "alice")
    assert office.json("users", "enrol", "alice")["secret"] == secret


def test_promise_11_a_directory_that_hangs_does_not_hang_the_status(office: Office, directory: FakeDirectory) -> None:
    office.does("users", "add", "@office")
    directory.fault("getgrnam:office", "hang")
    assert office.json("status")["users_enabled"] is None
