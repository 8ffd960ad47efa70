"""What somebody without a password learns from sshd about a name (promise 10, decision 8)."""

import re
import time
from collections.abc import Sequence

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site

pytestmark = pytest.mark.namespaces

NOBODY = "nobody-of-that-name"

SHORTEST_DELAY_SECONDS = 0.5
"""pam_unix asks libpam for two seconds after a wrong password, of which it takes half at least (pam_fail_delay(3))."""


def screens(site: Site, names: Sequence[str]) -> list[str]:
    """What clients with two wrong passwords are shown, without the names, the logins side by side.

    Nor the methods that are left at the end: these tell who is in the scope (docs/threat-model.md).
    """
    terminals = [site.sshd.login(name, attempts=2) for name in names]
    for terminal in terminals:
        terminal.answer(prompts.PASSWORD, "not the password")
    for terminal in terminals:
        terminal.expect(prompts.PASSWORD)
    typed = time.monotonic()
    for terminal in terminals:
        terminal.type("not the password either")
    for terminal in terminals:
        assert terminal.end() != 0
        assert time.monotonic() - typed > SHORTEST_DELAY_SECONDS
    return [
        re.sub(r"\([^)]*\)\.", "", terminal.screen.replace(name, "NAME"))
        for name, terminal in zip(names, terminals, strict=True)
    ]


def test_promise_10_a_name_that_nobody_has_is_asked_for_a_password_like_that_of_anybody_outside_the_scope(
    site: Site, member: Member, newcomer: User, outsider: User
) -> None:
    by_name = site.member_by_name().user
    unknown, known = screens(site, [NOBODY, outsider.name])
    assert unknown == known
    enabled = screens(site, [newcomer.name, member.user.name, by_name.name])
    assert len(set(enabled)) == 1, "enrolled or not, by name or by group"
    assert [screen.count("assword") for screen in (unknown, *enabled)] == [2] * 4


def test_promise_14_a_name_that_nobody_has_is_refused_and_logged_by_pam_unix_as_before_the_installation(
    site: Site,
) -> None:
    terminal = site.sshd.login(NOBODY)
    terminal.answer(prompts.PASSWORD, "whatever")
    assert terminal.end() != 0
    site.log.wait_for(r"pam_unix\(sshd:auth\): check pass; user unknown")
    record = site.rw2fa.json("audit", "--user", NOBODY)[-1]
    assert (record["rule"], record["decision"]) == ("no-such-user", "ignore")
