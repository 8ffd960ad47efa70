"""`xrdp-sesrun`: a local user who has the real session manager start a remote desktop for oneself (promise 4)."""

import re

import pytest

from tests.support.world.accounts import User
from tests.support.world.site import Member, Site

pytestmark = pytest.mark.namespaces


def asks_for_a_password(site: Site) -> bool:
    """Whether sesman wants a password: 0.10 knows who is at its socket, and asks PAM for the account phase alone."""
    return site.sesman.version < (0, 10)


def start_session(site: Site, user: User) -> str:
    """Runs `xrdp-sesrun` as the person; what it printed."""
    more = () if not asks_for_a_password(site) else ("-s", "127.0.0.1", "-F", "0", user.name)
    done = site.world.run(*("xrdp-sesrun", "-t", "Xvnc"), *more, user=user.name, stdin=user.password, check=False)
    told = done.stdout + done.stderr
    assert "connect error" not in told
    return told


def opened(user: User) -> str:
    """What pam_unix logs when the session manager begins a session."""
    return f"pam_unix(xrdp-sesman:session): session opened for user {user.name}("


def test_promise_4_a_local_user_who_is_enabled_gets_no_remote_desktop_for_oneself(
    site: Site, member: Member, newcomer: User
) -> None:
    for user in (member.user, newcomer):
        assert "ok" not in start_session(site, user).split()
        assert opened(user) not in site.log.text


def test_promise_14_a_local_user_who_is_not_enabled_gets_one_as_before(site: Site, outsider: User) -> None:
    start_session(site, outsider)
    site.log.wait_for(re.escape(opened(outsider)))


def test_a_local_user_who_is_whitelisted_gets_one_where_the_password_is_checked(site: Site, member: Member) -> None:
    site.rw2fa.command("whitelist", "add", member.user.name)
    try:
        told = start_session(site, member.user)
        if asks_for_a_password(site):
            site.log.wait_for(re.escape(opened(member.user)))
        else:
            # The whitelist stands for a code, not for a password, and the account phase alone has seen neither.
            assert "ok" not in told.split()
            assert opened(member.user) not in site.log.text
    finally:
        site.rw2fa.command("whitelist", "remove", member.user.name, "--yes")
