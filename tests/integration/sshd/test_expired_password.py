"""A password that has to be changed in the middle of a login with a code (chage(1); promise 4)."""

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User, allow_key, expire_password
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces

CURRENT = r"Current password: "
NEW = r"New password: "
AGAIN = r"Retype new password: "
CHOSEN = "Another-horse-and-another-battery"
KEY_THEN_CODE = "publickey,keyboard-interactive"


def change(terminal: Terminal, user: User) -> None:
    terminal.answer(CURRENT, user.password)
    terminal.answer(NEW, CHOSEN)
    terminal.answer(AGAIN, CHOSEN)


def sign_in(site: Site, member: Member, password: str) -> Terminal:
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, password)
    terminal.answer(prompts.CODE, member.phone.fresh())
    return terminal


def test_an_expired_password_is_changed_after_the_code_and_the_new_one_counts(site: Site, member: Member) -> None:
    expire_password(site.world, member.user)
    terminal = sign_in(site, member, member.user.password)
    change(terminal, member.user)
    assert terminal.end() == 0
    assert f"you-are-in-as-{member.user.name}" in terminal.screen
    assert sign_in(site, member, CHOSEN).end() == 0
    old = site.sshd.login(member.user)
    old.answer(prompts.PASSWORD, member.user.password)
    assert old.end() != 0
    assert site.show(member.user)["failures"] == 0


def test_promise_4_without_the_code_an_expired_password_is_not_changed(site: Site, member: Member) -> None:
    expire_password(site.world, member.user)
    before = site.world.read("/etc/shadow")
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    for _ in range(3):
        terminal.answer(prompts.CODE, member.phone.wrong())
    assert terminal.end() != 0
    assert "New password" not in terminal.screen
    assert site.world.read("/etc/shadow") == before


def test_promise_4_an_expired_password_with_a_key_is_changed_after_the_code(site: Site, member: Member) -> None:
    key = allow_key(site.world, member.user)
    expire_password(site.world, member.user)
    wrong = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    for _ in range(3):
        wrong.answer(prompts.CODE, member.phone.wrong())
    assert wrong.end() != 0
    assert "assword" not in wrong.screen
    right = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    right.answer(prompts.CODE, member.phone.fresh())
    change(right, member.user)
    assert right.end() == 0
    assert f"you-are-in-as-{member.user.name}" in right.screen


def test_promise_14_somebody_who_is_not_enabled_changes_an_expired_password_as_before(
    site: Site, outsider: User
) -> None:
    expire_password(site.world, outsider)
    # By the password method, where the host has no other, sshd changes it when the session begins, on a terminal.
    terminal = site.sshd.login(outsider, methods="keyboard-interactive,password", options=["RequestTTY=force"])
    terminal.answer(prompts.PASSWORD, outsider.password)
    change(terminal, outsider)
    assert terminal.end() == 0
    assert prompts.CODE not in terminal.screen
