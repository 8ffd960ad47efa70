"""Names that exist and were chosen to hurt, through every command: the right person only, or a plain refusal."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.integration.cli.command import Done, Host
from tests.support.nss import FakeDirectory, Guest, GuestUnavailable
from tests.support.world.phone import Phone

FIRST_UID = 62_001
GID = 62_000
BYSTANDER = "alice"

TAKEN = {
    "percent": "%s%n100%",
    "quotes": "o'hara\"b",
    "dash": "-rf",
    "an option": "--yes",
    "at": "alice@elsewhere",
    "backslash": "dom\\alice",
    "blank": "alice bob",
    "not ASCII": "zoë-日本-שלום",
    "long": "a" * 255,
    "another's uid": str(FIRST_UID),
    "dollar": "machine$",
    "shell": "$(reboot);`id`|&",
    "lists": "alice,bob=#[scope]",
    "pattern": "alic?",
    "dots": "..",
}
"""What people and directories might come up with."""

REFUSED = {
    "line break": "alice\nrw2fa: done",
    "escape": "alice\x1b[2J",
    "turned around": "alice\u202e",
    "blank at the end": "alice ",
}
"""What no list of names can hold."""

GROUP_ALIKE = "@office-staff"
NAMES = (*TAKEN.values(), *REFUSED.values(), GROUP_ALIKE)


@dataclass
class Office(Host):
    """A host whose directory has these people, and a bystander."""

    guest: Guest = field(kw_only=True)

    def rw2fa(self, *arguments: str) -> Done:
        """Run the command where the fake directory answers, in one process for all."""
        return self.guest.call(_run, self.config.parent, arguments)


def _run(folder: Path, arguments: tuple[str, ...]) -> Done:
    return Host(folder).rw2fa(*arguments)


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    directory = FakeDirectory(tmp_path_factory.mktemp("directory"))
    directory.user(BYSTANDER, FIRST_UID - 1, GID)
    for number, name in enumerate(NAMES):
        directory.user(name.replace("\n", "\x01"), FIRST_UID + number, GID)
    directory.group(GROUP_ALIKE.removeprefix("@"), GID + 1, [BYSTANDER])
    try:
        guest = Guest(directory.folder)
    except GuestUnavailable as problem:
        pytest.skip(f"no namespace with another directory can be made here: {problem}")
    with guest:
        yield guest


@pytest.fixture
def office(tmp_path: Path, guest: Guest) -> Office:
    tmp_path.chmod(0o755)
    office = Office(tmp_path, guest=guest)
    office.configure("enabled = true")
    office.does("init")
    return office


def uid_of(name: str) -> int:
    return FIRST_UID + NAMES.index(name)


@pytest.mark.parametrize("name", TAKEN.values(), ids=TAKEN)
def test_promise_13_a_name_that_was_chosen_to_hurt_means_its_owner_in_every_command(office: Office, name: str) -> None:
    (added,) = json.loads(office.does("users", "add", "--json", "--", name))
    assert (added["entry"], added["added"]) == (name, True)
    phone = Phone(json.loads(office.does("users", "enrol", "--json", "--", name))["uri"])
    assert unquote(urlsplit(phone.uri).path).removeprefix("/").endswith(f":{name}")
    office.does("users", "confirm", "--", name, phone.fresh())
    shown = show(office, name)
    assert (shown["user"], shown["uid"], shown["enabled_by"], shown["activated"]) == (name, uid_of(name), [name], True)
    office.does("users", "edit", "--app", "--", name)
    office.does("users", "bypass", "--for", "1h", "--reason", "phone at home", "--", name)
    office.does("users", "unlock", "--", name)
    office.does("users", "recovery", "--json", "--", name)
    assert show(office, name)["recovery_codes_left"] == 10
    office.does("whitelist", "add", "--", name)
    assert json.loads(office.does("whitelist", "list", "--json")) == [name]
    told = json.loads(office.does("explain", "--service", "xrdp-sesman", "--json", "--", name))
    assert told["rule"] == "whitelisted"
    assert json.loads(office.does("explain", "--service", "sshd", "--json", "--", name))["rule"] == "bypass"
    office.does("whitelist", "remove", "--yes", "--", name)
    assert [one["user"] for one in json.loads(office.does("users", "list", "--json"))["users"]] == [name]
    assert len([line for line in office.does("users", "list").splitlines() if "signs in" in line]) == 1
    assert (show(office, BYSTANDER)["enabled"], show(office, BYSTANDER)["activated"]) == (False, False)
    records = json.loads(office.does("audit", "--user", name, "--json"))
    assert records
    assert {record["user"] for record in records} == {name}
    office.does("users", "reset", "--yes", "--", name)
    assert show(office, name)["activated"] is False
    office.does("users", "remove", "--yes", "--", name)
    assert json.loads(office.does("users", "list", "--json"))["users"] == []
    assert json.loads(office.does("settings", "get", "scope.users", "--json"))["value"] == []


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("list_of_names", ["users", "whitelist"])
def test_a_name_that_no_list_can_hold_is_refused_and_nothing_changes(
    office: Office, list_of_names: str, name: str
) -> None:
    before = office.config.read_bytes()
    assert "\n" not in office.refuses(list_of_names, "add", "--", name)
    assert office.config.read_bytes() == before


def test_promise_13_a_user_whose_name_looks_like_a_group_gets_nothing_of_the_group(office: Office) -> None:
    office.does("users", "add", "--", GROUP_ALIKE)
    office.does("whitelist", "add", "--", GROUP_ALIKE)
    assert show(office, BYSTANDER)["enabled_by"] == [GROUP_ALIKE]
    assert show(office, GROUP_ALIKE)["enabled"] is False
    told = json.loads(office.does("explain", "--service", "xrdp-sesman", "--json", "--", GROUP_ALIKE))
    assert told["rule"] == "not-enabled"


def show(office: Office, name: str) -> dict[str, object]:
    shown = json.loads(office.does("users", "show", "--json", "--", name))
    assert isinstance(shown, dict)
    return shown
