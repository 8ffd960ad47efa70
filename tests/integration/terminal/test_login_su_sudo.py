"""Programs that ask on a terminal of this machine: login, su, sudo (login-states; issue items 1 and 5)."""

from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code, shows_code
from tests.support.world.site import Member, Site

pytestmark = pytest.mark.namespaces

SHELL_PROMPT = r"\$ $"
BYSTANDER = "daemon"
"""An account of every Debian that is neither root nor in the scope."""


@pytest.fixture
def sudoer(site: Site, member: Member) -> Iterator[Member]:
    """A member who may run everything as root, with the own password."""
    rule = f"/etc/sudoers.d/{member.user.name}"
    site.world.write(rule, f"{member.user.name} ALL=(ALL:ALL) ALL\n", mode=0o440)
    yield member
    site.world.path(rule).unlink()


def test_item_1_login_asks_for_a_code(site: Site, member: Member) -> None:
    terminal = site.world.terminal("login")
    terminal.answer("login: ", member.user.name)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.fresh())
    terminal.answer(SHELL_PROMPT, "id -un; exit")
    assert terminal.end() == 0
    assert f"\n{member.user.name}\n" in terminal.screen.replace("\x1b[?2004l", "")


def test_item_1_login_refuses_wrong_codes(site: Site, member: Member) -> None:
    terminal = site.world.terminal("login")
    terminal.answer("login: ", member.user.name)
    terminal.answer(prompts.PASSWORD, member.user.password)
    for _ in range(3):
        terminal.answer(prompts.CODE, member.phone.wrong())
    terminal.expect(prompts.REFUSED)
    terminal.expect("Login incorrect")
    terminal.hang_up()


def test_item_1_login_enrols_and_the_picture_scans_on_any_terminal(site: Site, newcomer: User) -> None:
    terminal = site.world.terminal("login")
    terminal.answer("login: ", newcomer.name)
    terminal.answer(prompts.PASSWORD, newcomer.password)
    terminal.expect(prompts.FIRST_CODE)
    assert "\x1b[38;5;231;48;5;16m" in terminal.screen, "colours of its own, whatever the terminal's are"
    terminal.type(Phone(read_code(terminal.screen)).code())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    terminal.answer(SHELL_PROMPT, "exit")
    assert terminal.end() == 0


def test_item_1_su_asks_for_the_code_of_whom_one_becomes(site: Site, member: Member) -> None:
    terminal = site.world.terminal("su", member.user.name, "-c", "id -un", user=BYSTANDER)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0
    assert terminal.screen.rstrip().endswith(member.user.name)


def test_item_1_su_refuses_a_used_code(site: Site, member: Member) -> None:
    code = member.phone.fresh()
    for right in (True, False):
        terminal = site.world.terminal("su", member.user.name, "-c", "id -un", user=BYSTANDER)
        terminal.answer(prompts.PASSWORD, member.user.password)
        terminal.answer(prompts.CODE, code)
        if right:
            assert terminal.end() == 0
        else:
            terminal.expect(prompts.CODE_USED)
            terminal.hang_up()


def test_item_1_sudo_asks_for_a_code(site: Site, sudoer: Member) -> None:
    terminal = site.world.terminal("sudo", "id", "-un", user=sudoer.user.name)
    terminal.answer(prompts.PASSWORD, sudoer.user.password)
    terminal.answer(prompts.CODE, sudoer.phone.fresh())
    assert terminal.end() == 0
    assert terminal.screen.rstrip().endswith("root")


def test_sudo_refuses_wrong_codes(site: Site, sudoer: Member) -> None:
    terminal = site.world.terminal("sudo", "id", "-un", user=sudoer.user.name)
    terminal.answer(prompts.PASSWORD, sudoer.user.password)
    for _ in range(3):
        terminal.answer(prompts.CODE, sudoer.phone.wrong())
    terminal.hang_up()
    assert "root" not in terminal.screen.splitlines()


def test_item_1_sudo_enrols_nobody_and_says_where_one_can(site: Site, newcomer: User) -> None:
    rule = f"/etc/sudoers.d/{newcomer.name}"
    site.world.write(rule, f"{newcomer.name} ALL=(ALL:ALL) ALL\n", mode=0o440)
    terminal = site.world.terminal("sudo", "id", "-un", user=newcomer.name)
    terminal.answer(prompts.PASSWORD, newcomer.password)
    terminal.expect(prompts.ENROL_ELSEWHERE)
    terminal.hang_up()
    site.world.path(rule).unlink()
    assert not shows_code(terminal.screen)
    assert "key " not in terminal.screen


def test_item_7_sudo_with_a_helper_that_answers_blindly_charges_nothing(site: Site, sudoer: Member) -> None:
    helper = "/usr/local/bin/answer-blindly"
    site.world.write(helper, f"#!/bin/sh\necho '{sudoer.user.password}'\n", mode=0o755)
    for _ in range(2):
        done = site.world.run(
            *("sudo", "-A", "id", "-un"),
            user=sudoer.user.name,
            environment={"SUDO_ASKPASS": helper},
            check=False,
            timeout=60,
        )
        assert done.returncode != 0
    assert site.show(sudoer.user)["failures"] == 0
    terminal = site.world.terminal("sudo", "id", "-un", user=sudoer.user.name)
    terminal.answer(prompts.PASSWORD, sudoer.user.password)
    terminal.answer(prompts.CODE, sudoer.phone.fresh())
    assert terminal.end() == 0
