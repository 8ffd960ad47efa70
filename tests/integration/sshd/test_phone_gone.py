"""SSH logins of somebody whose phone is gone: recovery codes, bypass, a word to enrol (promises 1, 4, 8 and 10)."""

import re
from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User, allow_key
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code, shows_code
from tests.support.world.sesman import IN
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces

LOW = "Recovery codes left: 3."
NO_CODE_OF_ANYBODY = "aaaa-bbbb-cccc"
KEY_THEN_CODE = "publickey,keyboard-interactive"


def reach_the_code(site: Site, user: User) -> Terminal:
    terminal = site.sshd.login(user)
    terminal.answer(prompts.PASSWORD, user.password)
    return terminal


def recovery_codes(site: Site, user: User) -> list[str]:
    codes = site.rw2fa.json("users", "recovery", user.name)["recovery_codes"]
    assert isinstance(codes, list)
    return codes


def sign_in(site: Site, user: User, code: str) -> None:
    terminal = reach_the_code(site, user)
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0
    assert f"you-are-in-as-{user.name}" in terminal.screen


def gets_in_unasked(site: Site, user: User) -> bool:
    terminal = reach_the_code(site, user)
    asked = not terminal.ends_before(prompts.CODE)
    terminal.hang_up()
    return not asked


# Recovery codes


def test_promise_1_a_recovery_code_signs_in_once(site: Site, member: Member) -> None:
    code = recovery_codes(site, member.user)[4]
    sign_in(site, member.user, code)
    again = reach_the_code(site, member.user)
    again.answer(prompts.CODE, code)
    again.expect(prompts.CODE_WRONG)
    again.hang_up()
    assert site.show(member.user)["recovery_codes_left"] == 9


def test_a_recovery_code_may_be_typed_as_people_type(site: Site, member: Member) -> None:
    plain, loud, spaced = recovery_codes(site, member.user)[:3]
    sign_in(site, member.user, plain.replace("-", ""))
    sign_in(site, member.user, loud.upper())
    sign_in(site, member.user, spaced.replace("-", " "))


def test_the_recovery_codes_that_an_enrolment_shows_sign_in(site: Site, newcomer: User) -> None:
    terminal = site.sshd.login(newcomer)
    terminal.answer(prompts.PASSWORD, newcomer.password)
    terminal.expect(prompts.FIRST_CODE)
    terminal.type(Phone(read_code(terminal.screen)).code())
    terminal.expect(prompts.ACKNOWLEDGED)
    shown = re.findall(r"^  (\w{4}-\w{4}-\w{4})$", terminal.screen, re.MULTILINE)
    terminal.type("")
    assert terminal.end() == 0
    assert len(shown) == 10
    sign_in(site, newcomer, shown[9])


def test_promise_1_new_recovery_codes_void_the_old(site: Site, member: Member) -> None:
    old, new = recovery_codes(site, member.user)[0], recovery_codes(site, member.user)[0]
    terminal = reach_the_code(site, member.user)
    terminal.answer(prompts.CODE, old)
    terminal.expect(prompts.CODE_WRONG)
    terminal.answer(prompts.CODE, new)
    assert terminal.end() == 0


def test_promise_8_a_wrong_recovery_code_is_charged_like_a_wrong_code(site: Site, member: Member) -> None:
    recovery_codes(site, member.user)
    terminal = reach_the_code(site, member.user)
    for _ in range(3):
        terminal.answer(prompts.CODE, NO_CODE_OF_ANYBODY)
    assert terminal.end() != 0
    shown = site.show(member.user)
    assert (shown["failures"], shown["guesses"]["wide_spent"], shown["recovery_codes_left"]) == (3, 3, 10)


def test_the_person_is_told_when_three_recovery_codes_are_left(site: Site, member: Member) -> None:
    codes = recovery_codes(site, member.user)
    for code in codes[:6]:
        sign_in(site, member.user, code)
    # A shell: sshd shows what came after the last prompt to those who get one, and to nobody else.
    terminal = site.sshd.login(member.user, command="", options=["RequestTTY=force"])
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, codes[6])
    terminal.expect(LOW)
    terminal.answer(r"\$ $", "exit")
    assert terminal.end() == 0
    assert site.show(member.user)["recovery_codes_left"] == 3


def test_a_recovery_code_stands_in_for_a_code_beside_a_key(site: Site, member: Member) -> None:
    key, code = allow_key(site.world, member.user), recovery_codes(site, member.user)[0]
    terminal = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    terminal.answer(prompts.CODE, code)
    assert terminal.end() == 0


# Bypass


def test_a_bypass_lets_in_with_the_password_alone_and_is_audited(site: Site, member: Member) -> None:
    site.rw2fa.command("users", "bypass", member.user.name, "--for", "1h", "--reason", "phone in the sea")
    for _ in range(2):
        assert gets_in_unasked(site, member.user)
    passed = [record for record in site.rw2fa.json("audit", "--user", member.user.name) if record["rule"] == "bypass"]
    assert [(record["event"], record["decision"]) for record in passed] == [("let-pass", "allow")] * 2
    site.rw2fa.command("users", "bypass", member.user.name, "--end")
    sign_in(site, member.user, member.phone.fresh())


def test_a_bypass_that_holds_once_lets_in_once(site: Site, member: Member) -> None:
    site.rw2fa.command("users", "bypass", member.user.name, "--for", "1h", "--once", "--reason", "left at home")
    assert gets_in_unasked(site, member.user)
    assert not gets_in_unasked(site, member.user)
    assert site.show(member.user)["bypass"] is None


def test_promise_4_a_bypass_replaces_no_password(site: Site, member: Member) -> None:
    site.rw2fa.command("users", "bypass", member.user.name, "--for", "1h", "--reason", "new phone on its way")
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, "not the password")
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen


def test_promise_4_a_key_alone_stays_refused_during_a_bypass_and_a_key_with_a_second_step_gets_in(
    site: Site, member: Member
) -> None:
    key = allow_key(site.world, member.user)
    site.rw2fa.command("users", "bypass", member.user.name, "--for", "1h", "--reason", "new phone on its way")
    alone = site.sshd.login(member.user, methods="publickey", key=key, batch=True)
    assert alone.end() != 0
    both = site.sshd.login(member.user, methods=KEY_THEN_CODE, key=key)
    assert both.end() == 0
    assert "assword" not in both.screen


def test_promise_4_a_bypass_opens_no_remote_desktop(site: Site, member: Member) -> None:
    site.rw2fa.command("users", "bypass", member.user.name, "--for", "1h", "--reason", "new phone on its way")
    assert site.sesman.verdict(member.user) != IN


def test_somebody_who_has_not_enrolled_may_be_let_by(site: Site, newcomer: User) -> None:
    site.rw2fa.command("users", "bypass", newcomer.name, "--for", "1h", "--once", "--reason", "first day")
    assert gets_in_unasked(site, newcomer)
    terminal = reach_the_code(site, newcomer)
    terminal.expect(prompts.FIRST_CODE)
    terminal.hang_up()


# Enrolling again, with a word


@pytest.fixture
def guarded(site: Site) -> Iterator[Site]:
    """A site where nobody enrols without a word."""
    site.rw2fa.command("settings", "set", "enrolment.proof", "token")
    yield site
    site.rw2fa.command("settings", "unset", "enrolment.proof")


def test_promise_10_a_word_is_asked_for_before_anything_secret_is_shown(guarded: Site) -> None:
    user = guarded.outsider()
    (told,) = guarded.rw2fa.json("users", "add", user.name)
    guarded.sshd.reload()
    wrong = reach_the_code(guarded, user)
    wrong.answer(prompts.WORD, NO_CODE_OF_ANYBODY)
    assert wrong.end() != 0
    assert not shows_code(wrong.screen)
    assert "key  " not in wrong.screen
    right = reach_the_code(guarded, user)
    right.answer(prompts.WORD, told["token"])
    right.expect(prompts.FIRST_CODE)
    right.type(Phone(read_code(right.screen)).code())
    right.answer(prompts.ACKNOWLEDGED, "")
    assert right.end() == 0
    guarded.rw2fa.command("users", "remove", user.name, "--yes")


def test_promise_10_a_word_stays_good_until_the_enrolment_is_finished(site: Site, member: Member) -> None:
    (told,) = site.rw2fa.json("users", "reset", member.user.name, "--yes")
    pictures = []
    for _ in range(2):
        terminal = reach_the_code(site, member.user)
        terminal.answer(prompts.WORD, told["token"])
        terminal.expect(prompts.FIRST_CODE)
        pictures.append(read_code(terminal.screen))
        terminal.hang_up()
    assert pictures[0] == pictures[1]


def test_promise_10_members_of_a_group_cannot_enrol_where_a_word_is_needed_and_none_was_given(guarded: Site) -> None:
    user = guarded.newcomer()
    terminal = reach_the_code(guarded, user)
    terminal.expect(prompts.ENROL_CLOSED)
    terminal.answer(prompts.READ, "")
    assert terminal.end() != 0
    assert not shows_code(terminal.screen)
    assert guarded.rw2fa.json("audit", "--user", user.name)[-1]["rule"] == "enrol-closed"
