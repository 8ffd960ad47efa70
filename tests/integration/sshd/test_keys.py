"""SSH keys (login-states, sshd; issue item 3, promise 4)."""

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User, allow_key, expire_password
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd

pytestmark = pytest.mark.namespaces

KEY_THEN_CODE = "publickey,keyboard-interactive"


def test_promise_4_a_key_alone_does_not_let_an_enabled_user_in(site: Site, member: Member) -> None:
    key = allow_key(site.world, member.user)
    terminal = site.sshd.login(member.user, methods="publickey", key=key, batch=True)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen


def test_promise_4_a_key_alone_does_not_let_somebody_in_who_has_not_enrolled(site: Site, newcomer: User) -> None:
    key = allow_key(site.world, newcomer)
    terminal = site.sshd.login(newcomer, methods="publickey", key=key, batch=True)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen


def test_promise_4_a_key_alone_is_refused_by_the_account_line_where_there_is_no_drop_in(
    site: Site, bare_sshd: Sshd, member: Member
) -> None:
    key = allow_key(site.world, member.user)
    terminal = bare_sshd.login(member.user, methods="publickey", key=key, batch=True)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen
    site.log.wait_for(f"Access denied for user {member.user.name} by PAM account configuration")


def test_promise_4_a_key_alone_with_an_expired_password_is_refused(site: Site, bare_sshd: Sshd, member: Member) -> None:
    key = allow_key(site.world, member.user)
    expire_password(site.world, member.user)
    for sshd in (site.sshd, bare_sshd):
        terminal = sshd.login(member.user, methods="publickey", key=key, batch=True)
        assert terminal.end() != 0
        assert "you-are-in" not in terminal.screen


def test_item_3_who_is_not_enabled_keeps_key_only_where_there_is_no_drop_in(
    site: Site, bare_sshd: Sshd, outsider: User
) -> None:
    key = allow_key(site.world, outsider)
    assert bare_sshd.login(outsider, methods="publickey", key=key, batch=True).end() == 0


def test_item_3_key_and_code_let_in_without_a_password(site: Site, member: Member) -> None:
    key = allow_key(site.world, member.user)
    terminal = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    terminal.expect(prompts.PASSWORD, prompts.CODE)
    assert "assword" not in terminal.screen
    terminal.type(member.phone.fresh())
    assert terminal.end() == 0
    assert f"you-are-in-as-{member.user.name}" in terminal.screen


def test_item_3_key_and_wrong_codes_are_refused(site: Site, member: Member) -> None:
    key = allow_key(site.world, member.user)
    terminal = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    for _ in range(3):
        terminal.answer(prompts.CODE, member.phone.wrong())
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen


def test_item_3_key_and_a_used_code_are_refused(site: Site, member: Member) -> None:
    key = allow_key(site.world, member.user)
    code = member.phone.fresh()
    terminal = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0
    again = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    again.answer(prompts.CODE, code)
    again.expect(prompts.CODE_USED)
    again.hang_up()


def test_item_3_password_and_code_work_beside_keys(site: Site, member: Member) -> None:
    terminal = site.sshd.login(member.user, methods="keyboard-interactive")
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0


def test_item_3_a_key_and_a_first_code_enrol(site: Site, newcomer: User) -> None:
    key = allow_key(site.world, newcomer)
    terminal = site.sshd.login(newcomer, methods=KEY_THEN_CODE, key=key)
    terminal.expect(prompts.FIRST_CODE)
    terminal.type(Phone(read_code(terminal.screen)).code())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0


def test_item_3_who_is_not_enabled_keeps_key_only_and_batch_mode(site: Site, outsider: User) -> None:
    key = allow_key(site.world, outsider)
    terminal = site.sshd.login(outsider, methods="publickey", key=key, batch=True)
    assert terminal.end() == 0
    assert terminal.screen.strip() == f"you-are-in-as-{outsider.name}"


def test_item_3_the_drop_in_follows_the_scope(site: Site) -> None:
    member = site.member_by_name()
    key = allow_key(site.world, member.user)
    site.sshd.reload()
    terminal = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0
    site.rw2fa.command("users", "remove", member.user.name, "--yes")
    site.sshd.reload()
    assert site.sshd.login(member.user, methods="publickey", key=key, batch=True).end() == 0


def test_a_key_that_is_not_the_persons_opens_nothing(site: Site, member: Member, outsider: User) -> None:
    key = allow_key(site.world, outsider)
    terminal = site.sshd.login(member.user, methods="publickey", key=key, batch=True)
    assert terminal.end() != 0
