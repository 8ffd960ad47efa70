"""Remote-desktop logins at the real session manager (login-states, xrdp; issue item 2, promise 4)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.world.accounts import User, expire_password
from tests.support.world.sesman import IN
from tests.support.world.site import Member, Site

pytestmark = pytest.mark.namespaces

PASSWORD_LOOKED_AT = r"pam_unix\(xrdp-sesman:auth\)"
SERVICE = "xrdp-sesman"


@contextmanager
def whitelisted(site: Site, name: str) -> Iterator[None]:
    site.rw2fa.command("whitelist", "add", name)
    try:
        yield
    finally:
        site.rw2fa.command("whitelist", "remove", name, "--yes")


def test_item_2_an_enabled_user_is_refused_with_the_right_password(site: Site, member: Member) -> None:
    assert site.sesman.verdict(member.user) != IN


def test_item_2_an_enabled_user_is_refused_before_enrolment_too(site: Site, newcomer: User) -> None:
    assert site.sesman.verdict(newcomer) != IN


def test_item_2_an_enabled_user_is_refused_before_the_password_is_looked_at(site: Site, member: Member) -> None:
    assert site.sesman.verdict(member.user, "not the password") != IN
    site.log.wait_for("(?i)xrdp-ses.*(auth|password)")
    # pam_unix says so when it refuses a password; that it would be heard, the next test shows.
    assert "pam_unix(xrdp-sesman:auth)" not in site.log.text


def test_item_2_somebody_outside_the_scope_needs_the_right_password_and_nothing_else(
    site: Site, outsider: User
) -> None:
    assert site.sesman.verdict(outsider) == IN
    assert site.sesman.verdict(outsider, "not the password") != IN
    site.log.wait_for(PASSWORD_LOOKED_AT)


def test_item_2_a_whitelisted_user_needs_the_right_password_and_nothing_else(site: Site, member: Member) -> None:
    with whitelisted(site, member.user.name):
        assert site.sesman.verdict(member.user) == IN
        assert site.sesman.verdict(member.user, "not the password") != IN
        site.log.wait_for(PASSWORD_LOOKED_AT)
    assert site.sesman.verdict(member.user) != IN


def test_item_2_a_whitelisted_user_still_needs_a_code_elsewhere(site: Site, member: Member) -> None:
    with whitelisted(site, member.user.name):
        terminal = site.sshd.login(member.user)
        terminal.answer("assword:", member.user.password)
        terminal.answer("Verification code: ", member.phone.fresh())
        assert terminal.end() == 0


def test_promise_14_a_name_that_nobody_has_is_refused_by_pam_unix_as_before_the_installation(site: Site) -> None:
    assert site.sesman.verdict("nobody-of-that-name", "whatever") != IN
    site.log.wait_for(r"pam_unix\(xrdp-sesman:auth\): check pass; user unknown")


def test_promise_4_the_net_refuses_when_an_upgrade_lost_our_first_line(site: Site, member: Member) -> None:
    with site.edited_pam(SERVICE, lambda line: None if "slot=first" in line else line):
        assert site.sesman.verdict(member.user) != IN
        with whitelisted(site, member.user.name):
            assert site.sesman.verdict(member.user) == IN


def test_promise_4_the_account_phase_alone_is_refused(site: Site, member: Member, outsider: User) -> None:
    # What xrdp 0.10's xrdp-sesrun has a local user do: no auth, account only.
    assert site.account_phase(SERVICE, outsider) == "SUCCESS"
    assert site.account_phase(SERVICE, member.user) == "PERM_DENIED"


def test_promise_4_the_account_line_comes_before_an_expired_password(site: Site, member: Member) -> None:
    # After pam_unix it would not be reached: xrdp-sesrun would then be a way in for whoever has to change a password.
    expire_password(site.world, member.user)
    assert site.account_phase(SERVICE, member.user) == "PERM_DENIED"


def test_promise_4_the_account_line_refuses_when_every_auth_line_of_ours_is_lost(site: Site, member: Member) -> None:
    with (
        site.edited_pam(SERVICE, lambda line: None if "slot=first" in line else line),
        site.edited_pam("common-auth", lambda line: None if "pam_rw2fa" in line else line),
    ):
        assert site.sesman.verdict(member.user) != IN
