"""Services that nobody sits at: a mail, a file and a password server, each the real one (issue 8, item 6)."""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd
from tests.support.world.unattended import Dovecot, Saslauthd, Vsftpd
from tests.support.world.world import World

pytestmark = pytest.mark.namespaces

PASSWORD: Final = "Correct-horse-of-digits"


class Server(Protocol):
    """What the three have in common."""

    def lets_in(self, user: User) -> bool: ...

    def stop(self) -> None: ...


SERVERS: Final[dict[str, tuple[str, Callable[[World], Server]]]] = {
    "dovecot": ("dovecot", Dovecot),
    "saslauthd": ("imap", Saslauthd),
    "vsftpd": ("vsftpd", Vsftpd),
}
"""The PAM service of each, and how it is started."""

UNLISTED: Final[dict[str, Callable[[World], Server]]] = {
    "dovecot": lambda world: Dovecot(world, "mailbox"),
    "saslauthd": lambda world: Saslauthd(world, "mailbox"),
}
"""Under a name that no table of ours has. libpam gives them `other`, which has the lines of common-auth."""


@pytest.fixture(params=SERVERS)
def listed(request: pytest.FixtureRequest, site: Site) -> Iterator[tuple[str, Server]]:
    service, start = SERVERS[request.param]
    server = start(site.world)
    yield service, server
    server.stop()


@pytest.fixture(params=UNLISTED)
def unlisted(request: pytest.FixtureRequest, site: Site) -> Iterator[Server]:
    server = UNLISTED[request.param](site.world)
    yield server
    server.stop()


@pytest.fixture
def digits(site: Site) -> Iterator[User]:
    """Somebody who is enrolled, and whose name has the form of a code."""
    user = User("271828", PASSWORD)
    site.world.run("useradd", "--badname", "--create-home", "--shell", "/bin/bash", user.name)
    site.world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin=f"{user.name}:{PASSWORD}\n")
    site.rw2fa.command("users", "add", user.name)
    site.enrol(user.name)
    yield user
    site.rw2fa.command("users", "remove", user.name, "--yes")
    site.world.run("userdel", "--remove", user.name)


def test_promise_14_whoever_is_not_enabled_gets_mail_and_files_as_before(
    site: Site, listed: tuple[str, Server], outsider: User
) -> None:
    _, server = listed
    assert server.lets_in(outsider)
    assert not server.lets_in(User(outsider.name, "a wrong one"))


def test_promise_10_an_enabled_user_is_refused_and_nothing_is_charged(
    site: Site, listed: tuple[str, Server], digits: User
) -> None:
    service, server = listed
    for _ in range(2):
        assert not server.lets_in(digits)
    shown = site.show(digits)
    assert (shown["failures"], shown["locked"]) == (0, False)
    record = site.rw2fa.json("audit", "--user", digits.name)[-1]
    assert (record["service"], record["rule"]) == (service, "cannot-ask")


def test_promise_4_a_mail_client_that_polls_does_not_use_up_a_bypass_that_holds_once(
    site: Site, bare_sshd: Sshd, listed: tuple[str, Server], member: Member
) -> None:
    service, server = listed
    user = member.user
    site.rw2fa.command("users", "bypass", user.name, "--for", "1h", "--once", "--reason", "phone at home")
    assert site.rw2fa.json("explain", user.name, "--service", service)["rule"] == "bypass-unattended"
    for _ in range(2):
        assert not server.lets_in(user)
    terminal = bare_sshd.login(user)
    terminal.answer(prompts.PASSWORD, user.password)
    assert terminal.end() == 0
    assert f"you-are-in-as-{user.name}" in terminal.screen


def test_item_6_an_administrator_may_leave_such_a_service_to_the_password(site: Site, digits: User) -> None:
    site.rw2fa.command("settings", "set", "services.dovecot", "ignore")
    server = Dovecot(site.world)
    try:
        assert server.lets_in(digits)
    finally:
        server.stop()
        site.rw2fa.command("settings", "unset", "services.dovecot")


def test_promise_2_a_client_that_answers_with_the_name_is_charged_nothing(
    site: Site, unlisted: Server, digits: User
) -> None:
    # Nobody told us that this one cannot ask: it is asked, and answers with what looks like a code.
    for _ in range(2):
        assert not unlisted.lets_in(digits)
    shown = site.show(digits)
    assert (shown["failures"], shown["locked"]) == (0, False)
    record = site.rw2fa.json("audit", "--user", digits.name)[-1]
    assert record["rule"] == "no-answer"
    assert record["reason"] in {"no code: blind", "no code: eof"}, "Dovecot answers with the name, saslauthd not at all"
