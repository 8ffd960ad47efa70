"""A screen locker, vlock(1): run by the person it is no login, run by root it is a program like others (promise 10)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

LOCKER = "/usr/sbin/vlock-main"
LOCKED = "Please press \\[ENTER\\] to unlock"


@pytest.fixture
def plain_locker(site: Site) -> Iterator[None]:
    """The locker without Debian's setuid bit, as lockers of desktops are: unix_chkpwd knows the password."""
    site.world.run("chmod", "u-s", LOCKER)
    yield
    site.world.run("chmod", "u+s", LOCKER)


def waits(site: Site) -> bool:
    """Whether the locker sleeps (proc(5)), which it does once it has set the terminal up for what it asked."""
    lockers = [number for number, argv in site.world.processes().items() if argv and argv[0].endswith("vlock-main")]
    return any(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "S" for number in lockers)


def answer(site: Site, terminal: Terminal, prompt: str, line: str) -> None:
    """Answer when the locker reads: what is typed between its prompt and that may be lost."""
    terminal.expect(prompt)
    wait_until("the locker reads", lambda: waits(site))
    terminal.type(line)


def lock(site: Site, user: User) -> Terminal:
    terminal = site.world.terminal("vlock", "--current", user=user.name, environment={"USER": user.name})
    answer(site, terminal, LOCKED, "")
    return terminal


@pytest.mark.usefixtures("plain_locker")
def test_promise_10_a_locker_that_the_person_runs_is_opened_by_the_password_alone(
    site: Site, member: Member, newcomer: User, outsider: User
) -> None:
    for user in (member.user, newcomer, outsider):
        terminal = lock(site, user)
        answer(site, terminal, prompts.PASSWORD, "not the password")
        answer(site, terminal, "root's Password: ", "it asks about root as well, who is somebody else")
        answer(site, terminal, LOCKED, "")
        answer(site, terminal, prompts.PASSWORD, user.password)
        assert terminal.end() == 0
        assert prompts.CODE not in terminal.screen
    assert site.show(member.user)["failures"] == 0


def test_a_locker_that_root_runs_asks_for_the_code_of_whoever_is_enabled(
    site: Site, member: Member, outsider: User
) -> None:
    terminal = lock(site, member.user)
    answer(site, terminal, prompts.PASSWORD, member.user.password)
    answer(site, terminal, prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0
    other = lock(site, outsider)
    answer(site, other, prompts.PASSWORD, outsider.password)
    assert other.end() == 0
    assert prompts.CODE not in other.screen
