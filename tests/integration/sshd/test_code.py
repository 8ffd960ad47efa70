"""SSH logins of somebody who is enrolled: password and code (login-states, sshd; issue items 1 and 7)."""

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces


def reach_the_code(site: Site, user: User) -> Terminal:
    terminal = site.sshd.login(user)
    terminal.answer(prompts.PASSWORD, user.password)
    return terminal


def test_item_1_password_and_code_let_in(site: Site, member: Member) -> None:
    terminal = reach_the_code(site, member.user)
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0
    assert f"you-are-in-as-{member.user.name}" in terminal.screen


def test_promise_1_the_same_code_is_refused_at_the_next_login(site: Site, member: Member) -> None:
    code = member.phone.fresh()
    terminal = reach_the_code(site, member.user)
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0
    again = reach_the_code(site, member.user)
    again.answer(prompts.CODE, code)
    again.expect(prompts.CODE_USED)
    again.answer(prompts.CODE, member.phone.fresh())
    assert again.end() == 0, "the next code, in the same login"


def test_promise_1_a_code_that_is_offered_again_and_again_never_opens(site: Site, member: Member) -> None:
    code = member.phone.fresh()
    terminal = reach_the_code(site, member.user)
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0
    again = reach_the_code(site, member.user)
    for _ in range(3):
        again.answer(prompts.CODE, code)
    assert again.end() != 0
    assert "you-are-in" not in again.screen
    assert site.show(member.user)["locked"] is False


def test_promise_1_one_code_sent_four_times_at_once_opens_once(site: Site, member: Member) -> None:
    for _ in range(3):
        terminals = [reach_the_code(site, member.user) for _ in range(4)]
        for terminal in terminals:
            terminal.expect(prompts.CODE)
        code = member.phone.fresh()
        for terminal in terminals:
            terminal.type(code)
        let_in = [terminal for terminal in terminals if terminal.ends_before(prompts.CODE_USED)]
        assert [terminal.end() for terminal in let_in] == [0]
        for terminal in terminals:
            terminal.hang_up()


def test_three_wrong_codes_end_a_login(site: Site, member: Member) -> None:
    terminal = reach_the_code(site, member.user)
    for _ in range(3):
        terminal.answer(prompts.CODE, member.phone.wrong())
    assert terminal.end() != 0
    assert terminal.screen.count(prompts.CODE_WRONG) == 2, "asked again twice, then refused"
    assert "you-are-in" not in terminal.screen


def test_a_right_code_after_a_wrong_one_lets_in(site: Site, member: Member) -> None:
    terminal = reach_the_code(site, member.user)
    terminal.answer(prompts.CODE, member.phone.wrong())
    terminal.answer(prompts.CODE, member.phone.fresh())
    assert terminal.end() == 0


def test_promise_8_wrong_codes_in_a_row_lock_and_a_restart_forgets_none(site: Site, member: Member) -> None:
    for wrong_codes in (3, 2):
        terminal = reach_the_code(site, member.user)
        for _ in range(wrong_codes):
            terminal.answer(prompts.CODE, member.phone.wrong())
        if wrong_codes == 2:
            terminal.expect(prompts.LOCKED)
            terminal.answer(prompts.READ, "")
        assert terminal.end() != 0
        site.rw2fa.stop()
        site.rw2fa.start()
    assert site.show(member.user)["locked"] is True
    locked = reach_the_code(site, member.user)
    locked.expect(prompts.LOCKED)
    locked.answer(prompts.READ, "")
    assert locked.end() != 0, "a right code would not be asked for"
    site.rw2fa.command("users", "unlock", member.user.name)
    unlocked = reach_the_code(site, member.user)
    unlocked.answer(prompts.CODE, member.phone.fresh())
    assert unlocked.end() == 0


def test_a_right_code_with_a_wrong_password_is_never_asked_for(site: Site, member: Member) -> None:
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, "not the password")
    assert terminal.end() != 0
    assert prompts.CODE not in terminal.screen


def test_item_1_somebody_outside_the_scope_types_a_password_and_nothing_else(site: Site, outsider: User) -> None:
    terminal = site.sshd.login(outsider, methods="keyboard-interactive,password")
    terminal.answer(prompts.PASSWORD, outsider.password)
    assert terminal.end() == 0
    assert prompts.CODE not in terminal.screen
    assert f"you-are-in-as-{outsider.name}" in terminal.screen


def test_promise_2_the_password_method_opens_nothing_and_charges_nothing(
    site: Site, bare_sshd: Sshd, member: Member
) -> None:
    terminal = bare_sshd.login(member.user, methods="password", attempts=3)
    for _ in range(3):
        terminal.answer(prompts.PASSWORD, member.user.password)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen
    assert site.show(member.user)["failures"] == 0


def test_promise_2_the_drop_in_leaves_enabled_users_no_password_method(site: Site, member: Member) -> None:
    terminal = site.sshd.login(member.user, methods="password")
    assert terminal.end() != 0
    assert "assword" not in terminal.screen


def test_promise_2_the_password_typed_as_a_code_charges_nothing(site: Site) -> None:
    member = site.member(password="481516")  # it has the very form of a code
    for typed in ("481516", "481 516"):
        terminal = reach_the_code(site, member.user)
        terminal.answer(prompts.CODE, typed)
        assert terminal.end() != 0
        assert "you-are-in" not in terminal.screen
    assert site.show(member.user)["failures"] == 0


def test_the_password_method_still_works_for_somebody_outside_the_scope(site: Site, outsider: User) -> None:
    terminal = site.sshd.login(outsider, methods="password")
    terminal.answer(prompts.PASSWORD, outsider.password)
    assert terminal.end() == 0
