"""A host that vouches for its users (hostbased) as the first factor at sshd: the code is the second (promise 4)."""

from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd
from tests.support.world.terminal import Terminal
from tests.support.world.world import HOST_NAME

pytestmark = pytest.mark.namespaces

POLICY = "/etc/ssh/sshd_config.d/50-hostbased.conf"
CLIENT = "/etc/ssh/ssh_config.d/50-hostbased.conf"
TRUSTED = "/etc/ssh/shosts.equiv"
KNOWN = "/etc/ssh/ssh_known_hosts"
TAKES_HOSTS = "HostbasedAuthentication yes\nIgnoreRhosts yes\nHostbasedUsesNameFromPacketOnly yes\n"
HOST_THEN_CODE = "hostbased,keyboard-interactive"


@pytest.fixture(scope="module")
def trusting(session_site: Site) -> Iterator[Site]:
    """A host that believes itself: what a fleet of hosts does for each other, on one."""
    site, world = session_site, session_site.world
    world.write(POLICY, TAKES_HOSTS)
    world.write(CLIENT, "HostbasedAuthentication yes\nEnableSSHKeysign yes\n")
    world.write(TRUSTED, f"{HOST_NAME}\nlocalhost\n127.0.0.1\n")
    keys = [file.read_text() for file in world.path("/etc/ssh").glob("ssh_host_*_key.pub")]
    world.write(KNOWN, "".join(f"{HOST_NAME},localhost,127.0.0.* {' '.join(key.split()[:2])}\n" for key in keys))
    site.rw2fa.command("pam", "install")
    site.sshd.reload()
    yield site
    for file in (POLICY, CLIENT, TRUSTED, KNOWN):
        world.path(file).unlink()
    site.rw2fa.command("pam", "install")
    site.sshd.reload()


@pytest.fixture(scope="module")
def plain_sshd(trusting: Site) -> Iterator[Sshd]:
    """A second sshd that believes hosts, whose administrator did without our drop-in."""
    config = "/etc/ssh/sshd_config_hostbased"
    trusting.world.write(config, f"UsePAM yes\nKbdInteractiveAuthentication yes\n{TAKES_HOSTS}")
    sshd = Sshd(trusting.world, port=2202, config=config)
    yield sshd
    sshd.stop()


def from_trusted_host(sshd: Sshd, user: User, methods: str, *, batch: bool = False) -> Terminal:
    return sshd.login(user, methods=methods, options=["HostbasedAuthentication=yes"], batch=batch, as_user=True)


def test_promise_4_a_trusted_host_and_a_code_let_in_without_a_password(trusting: Site, member: Member) -> None:
    terminal = from_trusted_host(trusting.sshd, member.user, HOST_THEN_CODE)
    terminal.expect(prompts.PASSWORD, prompts.CODE)
    assert "assword" not in terminal.screen
    terminal.type(member.phone.fresh())
    assert terminal.end() == 0
    assert f"you-are-in-as-{member.user.name}" in terminal.screen


def test_promise_4_a_trusted_host_and_wrong_codes_are_refused(trusting: Site, member: Member) -> None:
    terminal = from_trusted_host(trusting.sshd, member.user, HOST_THEN_CODE)
    for _ in range(3):
        terminal.answer(prompts.CODE, member.phone.wrong())
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen


def test_promise_4_a_trusted_host_alone_is_refused_with_our_drop_in_and_without(
    site: Site, trusting: Site, plain_sshd: Sshd, member: Member
) -> None:
    for sshd in (trusting.sshd, plain_sshd):
        terminal = from_trusted_host(sshd, member.user, "hostbased", batch=True)
        assert terminal.end() != 0
        assert "you-are-in" not in terminal.screen
    site.log.wait_for(f"Access denied for user {member.user.name} by PAM account configuration")


def test_promise_14_a_trusted_host_lets_in_whoever_is_not_enabled_as_before(
    trusting: Site, plain_sshd: Sshd, outsider: User
) -> None:
    for sshd in (trusting.sshd, plain_sshd):
        terminal = from_trusted_host(sshd, outsider, "hostbased", batch=True)
        assert terminal.end() == 0
        assert f"you-are-in-as-{outsider.name}" in terminal.screen
