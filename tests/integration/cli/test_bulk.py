"""Many people: added from a file, followed until they have enrolled, and taken out of the state when they are gone."""

import json
import pwd
import time
from dataclasses import replace

import pytest

from rw2fa_daemon.core.user import User
from tests.integration.cli.command import Host
from tests.support.world.phone import Phone

MANY = 10_000
MANY_SECONDS = 60.0
"""Of which a free machine takes a few."""


def names_file(host: Host, text: str) -> str:
    path = host.folder / "names"
    path.write_text(text)
    return str(path)


def test_names_come_from_a_file_with_comments(host: Host, alice: str, bob: str, staff: str) -> None:
    file = names_file(host, f"# the office\n{alice}\n\n  {staff}  # and its members\r\n{alice}\n")
    host.does("users", "add", bob, "--from", file)
    assert [entry["entry"] for entry in host.json("users", "list")["entries"]] == [bob, alice, staff]


def test_all_names_of_a_file_are_added_or_none_and_every_problem_is_named(host: Host, alice: str) -> None:
    before = host.stored()
    file = names_file(host, f"no-such-one\n{alice}\nno-such-two\n")
    before = host.stored()
    assert host.refuses("users", "add", "--from", file) == (
        "there is no user no-such-one, there is no user no-such-two; correct the names; nothing was changed"
    )
    assert host.stored() == before


def test_a_file_that_names_nobody_is_no_success(host: Host) -> None:
    assert "names nobody" in host.refuses("users", "add", "--from", names_file(host, "# nobody\n"))
    assert "cannot be read" in host.refuses("users", "add", "--from", str(host.folder / "absent"))
    (host.folder / "names").write_bytes(b"a\n\xff\n")
    assert "line 2: is not UTF-8" in host.refuses("users", "add", "--from", str(host.folder / "names"))


def test_names_come_from_standard_input(host: Host, alice: str) -> None:
    done = host.process("users", "add", "--from", "-", stdin=f"{alice}\n")
    assert done.status == 0, done.err
    assert host.json("users", "show", alice)["enabled"] is True


def test_the_pending_are_who_still_has_to_enrol_with_the_time_they_have(host: Host, alice: str, bob: str) -> None:
    host.does("users", "add", alice, bob)
    phone = Phone(host.json("users", "enrol", alice)["uri"])
    host.does("users", "confirm", alice, phone.fresh())
    (user,) = host.json("users", "list", "--pending")["users"]
    assert user["user"] == bob
    assert user["enrolment_until"] is not None
    text = host.does("users", "list", "--pending")
    assert bob in text
    assert alice not in text
    host.does("users", "remove", bob, "--yes")
    assert "have enrolled" in host.does("users", "list", "--pending")


def leave(host: Host, alice: str, bob: str) -> None:
    """A record of somebody who was deleted, one of a name that is another user's by now, and a good one."""
    host.does("users", "add", alice, bob, "sys")
    for name in (alice, bob, "sys"):
        host.does("users", "enrol", name)
    store = host.store()
    gone = store.read(alice)
    reused = store.read(bob)
    assert gone is not None
    assert reused is not None
    store.transact("gone", lambda _: (replace(gone, name="gone"), None))
    store.transact(bob, lambda _: (replace(reused, uid=54_321), None))
    store.close()


def test_who_is_gone_is_found_and_purged_and_nobody_else(host: Host, alice: str, bob: str) -> None:
    leave(host, alice, bob)
    assert "Standard input is not a terminal" in host.refuses("users", "purge")
    told = {row["user"]: row["reason"] for row in host.json("users", "purge", "--yes")}
    assert told[bob].startswith("the uid was 54321 and is ")
    assert told["gone"] == f"no such user; uid {pwd.getpwnam(alice).pw_uid} is now called {alice}"
    assert set(told) == {bob, "gone"}
    store = host.store()
    assert list(store.names()) == sorted([alice, "sys"])
    store.close()
    assert "nothing to do" in host.does("users", "purge")


def test_promise_13_a_directory_that_may_be_down_purges_nobody(host: Host, alice: str, bob: str) -> None:
    leave(host, alice, bob)
    host.config.write_text(host.config.read_text().replace("[scope]", '[scope]\ngroups = ["no-such-group"]'))
    before = host.stored()
    assert "so the directory may be down" in host.refuses("users", "purge", "--yes")
    assert host.stored() == before


def test_ten_thousand_names_are_added_in_reasonable_time(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a directory that answers at once: what the command itself takes must not grow with the square."""

    def known(name: str, _groups: tuple[str, ...]) -> User:
        return User(name, 100_000 + int(name.removeprefix("user")), frozenset())

    monkeypatch.setattr("rw2fa_daemon.cli.users.names.lookup", known)
    monkeypatch.setattr("rw2fa_daemon.directory.request.lookup", known)
    names = [f"user{number}" for number in range(MANY)]
    file = names_file(host, "\n".join(names))
    started = time.monotonic()
    told = host.does("users", "add", "--from", file)
    assert time.monotonic() - started < MANY_SECONDS
    assert told.count("now has two-factor authentication") == MANY
    assert host.json("settings", "get", "scope.users")["value"] == names


def test_row_9_numbers_come_with_the_names(host: Host, alice: str, bob: str, staff: str) -> None:
    file = names_file(host, f"{alice}: +33 6 12 34 56 78  # her own\n{bob}\n{staff}\n")
    done = host.rw2fa("users", "add", "--from", file, "--json")
    assert [(row["entry"], row["phone"]) for row in json.loads(done.out)] == [
        (alice, "+33…78"),
        (bob, None),
        (staff, None),
    ]
    assert "SMS are off" in done.err
    told = host.json("users", "show", alice)
    assert (told["method"], told["phone"]) == ("sms", "+33…78")
    assert host.json("users", "show", bob)["method"] == "app"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("daemon: 0612345678", "line 2: that number does not say its country"),
        ("daemon:", "line 2: that is not a phone number"),
        ("@bin: +33612345678", "line 2: a number must belong to a single user"),
        (": +33612345678", "line 2: a number must belong to a single user"),
    ],
)
def test_row_9_a_wrong_number_is_refused_with_its_line_and_nobody_is_added(
    host: Host, bob: str, line: str, reason: str
) -> None:
    assert reason in host.refuses("users", "add", "--from", names_file(host, f"{bob}\n{line}\n"))
    assert host.json("users", "list")["entries"] == []
