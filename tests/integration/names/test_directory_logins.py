"""Real logins of people whom a directory service knows, under every spelling it takes (issue item 8, promise 13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import prompts
from tests.support.nss import FakeDirectory, layer
from tests.support.world.sesman import IN
from tests.support.world.site import Site
from tests.support.world.sshd import Sshd

pytestmark = pytest.mark.namespaces

DIRECTORY = "/run/rw2fatest-nss"
PASSWORD = "through the looking glass"
SPELLINGS = ("alice", "ALICE", "alice@corp", "CORP\\alice")
CORP_GID, STAFF_GID, DEEP_GID, OTHERS_GID = 70001, 70002, 70003, 70004


@pytest.fixture(scope="module")
def corporate_site(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose people and groups come from a directory service; the scope names the group `staff`."""
    folder = layer(tmp_path_factory.mktemp("directory") / "layer", "files rw2fatest")
    with Site([folder, installed]) as site:
        directory = FakeDirectory(site.world.path(DIRECTORY))
        _fill(directory)
        site.rw2fa.command("users", "add", "@corp-staff")
        site.sshd.reload()
        _give_passwords(site)
        yield site


@pytest.fixture
def directory(corporate_site: Site) -> Iterator[FakeDirectory]:
    """The directory, answering as it should."""
    directory = FakeDirectory(corporate_site.world.path(DIRECTORY))
    _fill(directory)
    corporate_site.rw2fa.stop()  # what the daemon remembers of other tests goes with it
    corporate_site.rw2fa.start()
    corporate_site.log.forget()
    yield directory
    directory.heal()


def _fill(directory: FakeDirectory) -> None:
    directory.reset()
    directory.user("alice", 70101, CORP_GID)
    directory.user("bob", 70102, STAFF_GID)
    directory.user("carol", 70103, CORP_GID)
    directory.user("dan", 70104, CORP_GID)
    directory.group("corp", CORP_GID)
    directory.group("corp-staff", STAFF_GID, ["alice", "@deep"])
    directory.group("deep", DEEP_GID, ["dan"])
    directory.group("others", OTHERS_GID, ["carol"])


def _give_passwords(site: Site) -> None:
    """pam_unix looks for a hash under the name that was typed."""
    site.world.run("useradd", "--no-create-home", "hash")
    site.world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin=f"hash:{PASSWORD}\n")
    shadow = site.world.read("/etc/shadow")
    hashed = next(line.split(":")[1] for line in shadow.splitlines() if line.startswith("hash:"))
    names = (*SPELLINGS, "bob", "BOB", "carol", "CAROL", "dan")
    lines = "".join(f"{name}:{hashed}:20000:0:99999:7:::\n" for name in names)
    site.world.write("/etc/shadow", shadow + lines, mode=0o640)


def reach(sshd: Sshd, name: str, *expected: str) -> str:
    """Logs in with the password; what came of the expected."""
    terminal = sshd.login(name, methods="keyboard-interactive,password")
    terminal.answer(prompts.PASSWORD, PASSWORD)
    found = terminal.expect(*expected)
    terminal.hang_up()
    return found


@pytest.mark.parametrize("typed", SPELLINGS)
def test_promise_13_no_spelling_evades_the_scope_at_sshd(
    corporate_site: Site, directory: FakeDirectory, typed: str
) -> None:
    assert reach(corporate_site.sshd, typed, prompts.FIRST_CODE, "you-are-in") == prompts.FIRST_CODE


@pytest.mark.parametrize("typed", SPELLINGS)
def test_promise_13_no_spelling_evades_the_scope_at_xrdp(
    corporate_site: Site, directory: FakeDirectory, typed: str
) -> None:
    assert corporate_site.sesman.verdict(typed, PASSWORD) != IN


@pytest.mark.parametrize("name", ["bob", "BOB"])
def test_promise_13_a_primary_group_counts(corporate_site: Site, directory: FakeDirectory, name: str) -> None:
    assert reach(corporate_site.sshd, name, prompts.FIRST_CODE, "you-are-in") == prompts.FIRST_CODE


def test_promise_13_a_nested_group_counts(corporate_site: Site, directory: FakeDirectory) -> None:
    assert reach(corporate_site.sshd, "dan", prompts.FIRST_CODE, "you-are-in") == prompts.FIRST_CODE


@pytest.mark.parametrize("name", ["carol", "CAROL"])
def test_promise_13_who_is_in_no_group_of_the_scope_logs_in_as_before(
    corporate_site: Site, directory: FakeDirectory, name: str
) -> None:
    assert reach(corporate_site.sshd, name, prompts.FIRST_CODE, "you-are-in-as-carol") == "you-are-in-as-carol"


def test_promise_13_whoever_is_enrolled_under_one_spelling_is_asked_under_every_other(
    corporate_site: Site, directory: FakeDirectory
) -> None:
    phone = corporate_site.enrol("alice")
    try:
        for typed in SPELLINGS:
            terminal = corporate_site.sshd.login(typed)
            terminal.answer(prompts.PASSWORD, PASSWORD)
            terminal.answer(prompts.CODE, phone.fresh())
            assert terminal.end() == 0
            assert "you-are-in-as-alice" in terminal.screen
    finally:
        corporate_site.rw2fa.command("users", "reset", "alice", "--no-token", "--yes")


def test_promise_13_a_directory_whose_groups_are_down_opens_nothing(
    corporate_site: Site, directory: FakeDirectory
) -> None:
    for call in ("getgrnam", "getgrgid", "initgroups"):
        directory.fault(call, "unavail")
    terminal = corporate_site.sshd.login("alice")
    terminal.answer(prompts.PASSWORD, PASSWORD)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen
    assert corporate_site.sesman.verdict("alice", PASSWORD) != IN
    told = corporate_site.rw2fa.json("explain", "alice", "--service", "sshd")
    assert (told["decision"], told["rule"]) == ("deny", "scope-unsure")


def test_promise_13_a_directory_that_is_down_altogether_opens_nothing(
    corporate_site: Site, directory: FakeDirectory
) -> None:
    directory.fault("*", "unavail")
    terminal = corporate_site.sshd.login("alice")
    terminal.answer(prompts.PASSWORD, PASSWORD)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen
