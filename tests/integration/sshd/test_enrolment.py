"""The first SSH logins of somebody who was just enabled (issue item 1, promises 2, 3 and 8)."""

import re

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code, shows_code
from tests.support.world.site import Site
from tests.support.world.sshd import Sshd
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces


def meet_the_code(sshd: Sshd, user: User) -> Terminal:
    """Up to the question for the first code."""
    terminal = sshd.login(user)
    terminal.answer(prompts.PASSWORD, user.password)
    terminal.expect(prompts.FIRST_CODE)
    return terminal


def test_item_1_the_first_login_says_why_and_shows_a_code_that_a_phone_scans(site: Site, newcomer: User) -> None:
    terminal = meet_the_code(site.sshd, newcomer)
    assert "Two-factor authentication is switched on for your account." in terminal.screen
    phone = Phone(read_code(terminal.screen))
    assert phone.name == newcomer.name
    assert phone.issuer == "workhost - remote-work"
    assert phone.secret in terminal.screen.replace(" ", ""), "the key is not there as text"
    assert len(phone.secret) == 32, "a secret has 160 bits"
    terminal.hang_up()


def test_item_1_the_right_first_code_activates_and_lets_in(site: Site, newcomer: User) -> None:
    assert site.show(newcomer)["activated"] is False
    terminal = meet_the_code(site.sshd, newcomer)
    terminal.type(Phone(read_code(terminal.screen)).code())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0
    assert f"you-are-in-as-{newcomer.name}" in terminal.screen
    shown = site.show(newcomer)
    assert (shown["activated"], shown["method"]) == (True, "app")


def test_item_1_an_unfinished_enrolment_meets_the_same_code(site: Site, newcomer: User) -> None:
    first = meet_the_code(site.sshd, newcomer)
    uri = read_code(first.screen)
    first.hang_up()
    second = meet_the_code(site.sshd, newcomer)
    assert read_code(second.screen) == uri
    second.type(Phone(uri).code())
    second.answer(prompts.ACKNOWLEDGED, "")
    assert second.end() == 0


def test_a_wrong_first_code_keeps_the_key_and_asks_again(site: Site, newcomer: User) -> None:
    terminal = meet_the_code(site.sshd, newcomer)
    phone = Phone(read_code(terminal.screen))
    terminal.type(phone.wrong())
    terminal.expect(prompts.FIRST_CODE_WRONG)
    terminal.type(phone.code())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0


def test_a_first_code_from_a_phone_whose_clock_is_off_is_explained(site: Site, newcomer: User) -> None:
    terminal = meet_the_code(site.sshd, newcomer)
    phone = Phone(read_code(terminal.screen))
    terminal.type(phone.code(steps=40))
    terminal.expect("the phone's clock is off by 20 minutes")
    terminal.type(phone.code())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0


def test_the_key_is_readable_where_the_locale_cannot_show_the_picture(site: Site, newcomer: User) -> None:
    # Under the C locale OpenSSH writes each byte of a block as a number.
    terminal = site.sshd.login(newcomer, environment={"LC_ALL": "C", "LANG": "C"})
    terminal.answer(prompts.PASSWORD, newcomer.password)
    terminal.expect(prompts.FIRST_CODE)
    key = re.search(r"key +((?:[A-Z2-7]{4} ?){8})", terminal.screen)
    assert key is not None, terminal.screen
    terminal.type(Phone.of_secret(key[1].replace(" ", "")).code())
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0


def test_promise_10_nobody_without_the_password_meets_an_enrolment(site: Site, newcomer: User) -> None:
    terminal = site.sshd.login(newcomer)
    terminal.answer(prompts.PASSWORD, "not the password")
    assert terminal.end() != 0
    assert not shows_code(terminal.screen)
    assert site.show(newcomer)["activated"] is False


def test_the_code_that_activated_does_not_open_a_second_login(site: Site, newcomer: User) -> None:
    terminal = meet_the_code(site.sshd, newcomer)
    code = Phone(read_code(terminal.screen)).code()
    terminal.type(code)
    terminal.answer(prompts.ACKNOWLEDGED, "")
    assert terminal.end() == 0
    again = site.sshd.login(newcomer)
    again.answer(prompts.PASSWORD, newcomer.password)
    again.answer(prompts.CODE, code)
    again.expect(prompts.CODE_USED)
    again.hang_up()
