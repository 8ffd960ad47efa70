"""Passes of the portal at the real session manager: one RDP login, with the password (product.md rows 3 and 4)."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from rw2fa_daemon.core.lockout import FAILURES_MAX
from tests.support.world.accounts import User
from tests.support.world.paths import REPOSITORY
from tests.support.world.sesman import IN
from tests.support.world.site import Member, Site
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

ADDRESS = "127.0.0.2"
"""Where the RDP login comes from, as xrdp 0.10 tells; 0.9 tells nothing."""


@dataclass
class Portal:
    """Somebody who is logged on at the portal."""

    site: Site
    member: Member
    identifier: str = ""

    def log_on(self, code: str | None = None) -> dict[str, str]:
        """Sign in with password and code, by real PAM."""
        user = self.member.user
        report = self._run("logon", user.password, code or self.member.phone.fresh())
        self.identifier = report.get("logon", "")
        return report

    def ask(self, verb: str, *more: str) -> dict[str, str]:
        """What the daemon says about the logon."""
        return self._run(verb, self.identifier, *more)

    def _run(self, verb: str, *more: str) -> dict[str, str]:
        argv = (sys.executable, "-m", "tests.support.world.portal_verbs", verb, self.member.user.name, *more, ADDRESS)
        report: dict[str, str] = json.loads(
            self.site.world.run(*argv, environment={"PYTHONPATH": str(REPOSITORY)}).stdout
        )
        return report


@pytest.fixture
def portal(site: Site, member: Member) -> Portal:
    return Portal(site, member)


@contextmanager
def passes_count(site: Site) -> Iterator[None]:
    """Passes count with this xrdp, even if it tells no address."""
    if site.sesman.version >= (0, 10):
        yield
        return
    site.rw2fa.command("settings", "set", "rdp.without_address", "true")
    try:
        yield
    finally:
        site.rw2fa.command("settings", "unset", "rdp.without_address")


def armed(portal: Portal) -> None:
    assert portal.log_on()["result"] == "ok"
    assert portal.ask("pass")["pass"] == "armed"


def test_row_3_one_rdp_login_is_let_in_with_a_pass_and_none_without(site: Site, portal: Portal) -> None:
    user = portal.member.user
    assert site.sesman.verdict(user) != IN, "the password is right"
    with passes_count(site):
        armed(portal)
        assert site.sesman.verdict(user) == IN
        assert portal.ask("logon_show")["pass"] == "used"
        # From 0.10 on a process that stands for the session may need a moment to end.
        wait_until("the session's end", lambda: site.sesman.verdict(user) != IN)


def test_row_3_a_mistyped_password_does_not_burn_a_pass_and_a_pass_is_no_password(site: Site, portal: Portal) -> None:
    with passes_count(site):
        armed(portal)
        assert site.sesman.verdict(portal.member.user, "not the password") != IN
        site.log.wait_for(r"pam_unix\(xrdp-sesman:auth\)")
        assert portal.ask("logon_show")["pass"] == "armed"
        assert site.sesman.verdict(portal.member.user) == IN


def test_promise_4_a_pass_is_nobody_elses(site: Site, portal: Portal, newcomer: User) -> None:
    with passes_count(site):
        armed(portal)
        assert site.sesman.verdict(newcomer) != IN
        assert site.sesman.verdict(portal.member.user) == IN


def test_promise_4_a_login_that_has_an_address_is_let_in_from_that_of_the_pass_alone(
    site: Site, portal: Portal
) -> None:
    user = portal.member.user
    armed(portal)
    for elsewhere in ("127.0.0.3", "::1", ""):
        assert site.login("xrdp-sesman", user, elsewhere) == "AUTH_ERR"
    assert site.login("xrdp-sesman", user, f"::ffff:{ADDRESS}") == "SUCCESS"
    assert site.login("xrdp-sesman", user, f"::ffff:{ADDRESS}") == "AUTH_ERR"


def test_row_17_another_code_is_asked_for_without_the_password(site: Site, portal: Portal) -> None:
    assert portal.log_on()["result"] == "ok"
    assert portal.ask("logon_code", portal.member.phone.wrong()) == {}
    again = portal.ask("logon_code", portal.member.phone.fresh())
    assert (again["result"], again["rule"]) == ("ok", "logon-code")


def revoked(site: Site, portal: Portal) -> None:
    site.rw2fa.command("logons", "revoke", portal.member.user.name, "--yes")


def reset(site: Site, portal: Portal) -> None:
    site.rw2fa.command("users", "reset", portal.member.user.name, "--yes")


def signed_out(_site: Site, portal: Portal) -> None:
    assert portal.ask("logon_end")["result"] == "ok"


def locked(site: Site, portal: Portal) -> None:
    wrong = portal.member.phone.wrong()
    other = Portal(site, portal.member)
    for _ in range(FAILURES_MAX):
        if site.show(portal.member.user)["locked"]:
            break
        assert other.log_on(wrong) == {}
    site.rw2fa.command("users", "unlock", portal.member.user.name)


@pytest.mark.parametrize("end", [revoked, reset, signed_out, locked])
def test_promise_4_what_ends_a_logon_ends_its_pass(
    site: Site, portal: Portal, end: Callable[[Site, Portal], None]
) -> None:
    with passes_count(site):
        armed(portal)
        end(site, portal)
        assert site.sesman.verdict(portal.member.user) != IN
        assert portal.ask("pass")["result"] == "over"
