"""What the Settings of the manual come to at a real login (product rows 15, 16, 19)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code
from tests.support.world.site import Member, Site

pytestmark = pytest.mark.namespaces


@contextmanager
def setting(site: Site, key: str, value: str, *, risky: bool = False) -> Iterator[None]:
    site.rw2fa.command("settings", "set", key, value, *(["--accept-risk"] if risky else []))
    try:
        yield
    finally:
        site.rw2fa.command("settings", "unset", key)
        if risky:
            site.rw2fa.command("settings", "unset", "guessing.accept_risk")


@pytest.mark.parametrize("digits", range(4, 13))
def test_row_19_codes_of_every_length_enrol_and_log_in(site: Site, newcomer: User, digits: int) -> None:
    # With the shipped discrepancy, fewer digits than six are guessed too easily to be taken without a word.
    with setting(site, "digits", str(digits), risky=digits < 6):
        terminal = site.sshd.login(newcomer)
        terminal.answer(prompts.PASSWORD, newcomer.password)
        terminal.expect(prompts.FIRST_CODE)
        phone = Phone(read_code(terminal.screen))
        assert phone.digits == digits
        terminal.type(phone.fresh())
        terminal.answer(prompts.ACKNOWLEDGED, "")
        assert terminal.end() == 0
    # Whoever is enrolled keeps the length that the phone has.
    again = site.sshd.login(newcomer)
    again.answer(prompts.PASSWORD, newcomer.password)
    again.answer(prompts.CODE, phone.fresh())
    assert again.end() == 0


def test_row_15_a_code_counts_within_the_discrepancy_and_not_beyond(site: Site, member: Member) -> None:
    with setting(site, "discrepancy", "5"):
        terminal = site.world.terminal("su", member.user.name, "-c", "id -un", user="daemon")
        terminal.answer(prompts.PASSWORD, member.user.password)
        terminal.answer(prompts.CODE, member.phone.code(steps=7))
        terminal.expect("The clock of your phone")  # right, but outside: told apart from a wrong one
        assert terminal.end() != 0
        inside = site.sshd.login(member.user)
        inside.answer(prompts.PASSWORD, member.user.password)
        inside.answer(prompts.CODE, member.phone.code(steps=4))
        assert inside.end() == 0


def test_row_16_the_issuer_is_what_the_phone_shows(site: Site, newcomer: User) -> None:
    with setting(site, "issuer", "Acme & Söhne, Ltd"):
        terminal = site.sshd.login(newcomer)
        terminal.answer(prompts.PASSWORD, newcomer.password)
        terminal.expect(prompts.FIRST_CODE)
        assert Phone(read_code(terminal.screen)).issuer == "Acme & Söhne, Ltd"
        terminal.hang_up()
