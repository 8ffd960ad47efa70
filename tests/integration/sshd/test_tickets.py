"""Kerberos tickets (GSSAPI) as the first factor at sshd: the code is the second (login-states, sshd; promise 4)."""

from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.kerberos import Realm
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd
from tests.support.world.terminal import Terminal
from tests.support.world.world import HOST_NAME

pytestmark = pytest.mark.namespaces

POLICY = "/etc/ssh/sshd_config.d/50-tickets.conf"
TICKET = "gssapi-with-mic"
TICKET_THEN_CODE = "gssapi-with-mic,keyboard-interactive"


@pytest.fixture(scope="module")
def realm(session_site: Site) -> Iterator[Realm]:
    """A host whose sshd takes tickets, by its administrator's choice, with rw2fa installed beside that."""
    site = session_site
    realm = Realm(site.world)
    site.world.write(POLICY, "GSSAPIAuthentication yes\n")
    site.rw2fa.command("pam", "install")
    site.sshd.reload()
    yield realm
    realm.stop()
    site.world.path(POLICY).unlink()
    site.rw2fa.command("pam", "install")
    site.sshd.reload()


def with_ticket(sshd: Sshd, realm: Realm, user: User, methods: str, *, batch: bool = False) -> Terminal:
    options = ["GSSAPIAuthentication=yes", f"HostName={HOST_NAME}"]
    return sshd.login(user, methods=methods, options=options, batch=batch, environment=realm.ticket(user))


def test_promise_4_a_ticket_and_a_code_let_in_without_a_password(site: Site, realm: Realm, member: Member) -> None:
    terminal = with_ticket(site.sshd, realm, member.user, TICKET_THEN_CODE)
    terminal.expect(prompts.PASSWORD, prompts.CODE)
    assert "assword" not in terminal.screen
    terminal.type(member.phone.fresh())
    assert terminal.end() == 0
    assert f"you-are-in-as-{member.user.name}" in terminal.screen


def test_promise_4_a_ticket_and_wrong_codes_are_refused(site: Site, realm: Realm, member: Member) -> None:
    terminal = with_ticket(site.sshd, realm, member.user, TICKET_THEN_CODE)
    for _ in range(3):
        terminal.answer(prompts.CODE, member.phone.wrong())
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen


def test_promise_4_a_ticket_alone_is_refused_with_our_drop_in_and_without(
    site: Site, realm: Realm, ticket_sshd: Sshd, member: Member
) -> None:
    for sshd in (site.sshd, ticket_sshd):
        terminal = with_ticket(sshd, realm, member.user, TICKET, batch=True)
        assert terminal.end() != 0
        assert "you-are-in" not in terminal.screen
    site.log.wait_for(f"Access denied for user {member.user.name} by PAM account configuration")


def test_promise_14_a_ticket_of_somebody_who_is_not_enabled_lets_in_as_before(
    site: Site, realm: Realm, ticket_sshd: Sshd, outsider: User
) -> None:
    for sshd in (site.sshd, ticket_sshd):
        terminal = with_ticket(sshd, realm, outsider, TICKET, batch=True)
        assert terminal.end() == 0
        assert terminal.screen.strip() == f"you-are-in-as-{outsider.name}"


@pytest.fixture(scope="module")
def ticket_sshd(session_site: Site, realm: Realm) -> Iterator[Sshd]:
    """A second sshd that takes tickets, whose administrator did without our drop-in."""
    config = "/etc/ssh/sshd_config_tickets"
    session_site.world.write(config, "UsePAM yes\nKbdInteractiveAuthentication yes\nGSSAPIAuthentication yes\n")
    sshd = Sshd(session_site.world, port=2201, config=config)
    yield sshd
    sshd.stop()
