"""Cockpit's logon page at the real cockpit-ws and cockpit-session (login-states, cockpit; issue items 1 and 7)."""

import re
from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.cockpit import Cockpit
from tests.support.world.site import Member, Site
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces


@pytest.fixture(scope="module")
def cockpit(session_site: Site) -> Iterator[Cockpit]:
    server = Cockpit(session_site.world)
    yield server
    server.stop()


def test_item_1_password_and_code_let_in(site: Site, cockpit: Cockpit, member: Member) -> None:
    logon = cockpit.logon(member.user, lambda _: member.phone.fresh())
    assert logon.is_in
    assert [prompts.CODE.strip() in prompt for prompt in logon.prompts] == [True]


def test_item_1_wrong_codes_are_refused(site: Site, cockpit: Cockpit, member: Member) -> None:
    logon = cockpit.logon(member.user, lambda _: member.phone.wrong())
    assert not logon.is_in
    assert len(logon.prompts) == 3


def test_a_wrong_password_is_refused_without_a_question(site: Site, cockpit: Cockpit, member: Member) -> None:
    logon = cockpit.logon(member.user, lambda _: member.phone.fresh(), password="not the password")
    assert not logon.is_in
    assert logon.prompts == ()


def test_item_1_somebody_outside_the_scope_types_a_password_and_nothing_else(
    site: Site, cockpit: Cockpit, outsider: User
) -> None:
    logon = cockpit.logon(outsider)
    assert logon.is_in
    assert logon.prompts == ()


def test_promise_3_nobody_is_enrolled_where_prompts_are_logged(site: Site, cockpit: Cockpit, newcomer: User) -> None:
    logon = cockpit.logon(newcomer, lambda _: "123456")
    assert not logon.is_in
    assert len(logon.prompts) == 1
    assert prompts.ENROL_ELSEWHERE in logon.prompts[0]
    assert site.show(newcomer)["activated"] is False


def test_item_7_the_automatic_sudo_after_a_logon_charges_nothing(site: Site, cockpit: Cockpit, member: Member) -> None:
    rule = f"/etc/sudoers.d/{member.user.name}"
    site.world.write(rule, f"{member.user.name} ALL=(ALL:ALL) ALL\n", mode=0o440)
    for _ in range(2):
        logon = cockpit.logon(member.user, lambda _: member.phone.fresh())
        assert logon.is_in
    # The code of the logon counts for sudo in its session. Where the kernel counts none, sudo's helper answers our
    # prompt with the password up to Debian 12; later ones ask the page, where nobody is here.
    wait_until(
        "the end of sudo's conversation with us",
        lambda: re.search(r"sudo auth .*(recent-code|no code: (blind|eof))", _audit(site, member)) is not None,
        seconds=40,
    )
    site.world.path(rule).unlink()
    assert site.show(member.user)["failures"] == 0
    assert cockpit.logon(member.user, lambda _: member.phone.fresh()).is_in


def test_promise_4_the_account_phase_alone_is_refused(site: Site, member: Member, outsider: User) -> None:
    # Kerberos and client certificates skip authentication.
    assert site.account_phase("cockpit", outsider) == "SUCCESS"
    assert site.account_phase("cockpit", member.user) == "PERM_DENIED"


def _audit(site: Site, member: Member) -> str:
    return site.rw2fa.command("audit", "--user", member.user.name).stdout
