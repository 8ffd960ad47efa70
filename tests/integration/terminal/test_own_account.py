"""What people change about their own account on a terminal: passwd, chsh, newgrp (promises 4, 5 and 14)."""

import re
from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces

CHOSEN = "Another-horse-and-another-battery"
SHELL = "/usr/bin/dash"
"""Listed in /etc/shells of both releases, under this path."""


@pytest.fixture
def dead_daemon(site: Site) -> Iterator[None]:
    site.rw2fa.kill()
    yield
    site.rw2fa.start()


def change_password(site: Site, user: User) -> Terminal:
    terminal = site.world.terminal("passwd", user=user.name)
    terminal.answer("Current password: ", user.password)
    terminal.answer("New password: ", CHOSEN)
    terminal.answer("Retype new password: ", CHOSEN)
    assert terminal.end() == 0
    assert "updated successfully" in terminal.screen
    assert prompts.CODE not in terminal.screen
    return terminal


def shell_of(site: Site, user: User) -> str:
    return site.world.run("getent", "passwd", user.name).stdout.strip().rpartition(":")[2]


def test_promise_14_an_enabled_user_changes_the_password_as_before(site: Site, member: Member) -> None:
    change_password(site, member.user)
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, CHOSEN)
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0, "and signs in with it"


@pytest.mark.usefixtures("dead_daemon")
def test_promise_14_passwords_change_and_groups_too_with_the_daemon_dead(
    site: Site, member: Member, outsider: User
) -> None:
    for user in (member.user, outsider):
        change_password(site, user)
        assert enters_group(site, user)


def test_promise_14_newgrp_asks_nothing_of_anybody(site: Site, member: Member, outsider: User) -> None:
    for user in (member.user, outsider):
        assert enters_group(site, user)


def enters_group(site: Site, user: User) -> bool:
    group = f"project-{user.name}"
    site.world.run("groupadd", "--force", group)
    site.world.run("gpasswd", "--add", user.name, group)
    terminal = site.world.terminal("newgrp", group, user=user.name)
    terminal.answer(r"\$ (?:\x1b\[K)?$", "id -gn; exit")
    # The line may begin with what ends a bracketed paste.
    return terminal.end() == 0 and re.search(rf"{group}\b", terminal.screen) is not None


def test_promise_4_chsh_of_an_enabled_user_asks_for_the_code(site: Site, member: Member) -> None:
    before = shell_of(site, member.user)
    wrong = site.world.terminal("chsh", "-s", SHELL, user=member.user.name)
    wrong.answer(prompts.PASSWORD, member.user.password)
    for _ in range(3):
        wrong.answer(prompts.CODE, member.phone.wrong())
    assert wrong.end() != 0
    assert shell_of(site, member.user) == before != SHELL
    right = site.world.terminal("chsh", "-s", SHELL, user=member.user.name)
    right.answer(prompts.PASSWORD, member.user.password)
    right.answer(prompts.CODE, member.phone.fresh())
    assert right.end() == 0
    assert shell_of(site, member.user) == SHELL


def test_promise_14_chsh_asks_others_for_the_password_alone_and_root_for_nothing(
    site: Site, member: Member, outsider: User
) -> None:
    terminal = site.world.terminal("chsh", "-s", SHELL, user=outsider.name)
    terminal.answer(prompts.PASSWORD, outsider.password)
    assert terminal.end() == 0
    assert prompts.CODE not in terminal.screen
    assert shell_of(site, outsider) == SHELL
    site.world.run("chsh", "-s", SHELL, member.user.name)
    assert shell_of(site, member.user) == SHELL
