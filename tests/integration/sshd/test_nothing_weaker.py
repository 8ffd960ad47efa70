"""Hosts with a policy of their own keep it: switched off, switched on, and after removal (promise 14)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration import prompts
from tests.support.world import World
from tests.support.world.accounts import User, add_group, add_user, allow_key
from tests.support.world.installation import Installation
from tests.support.world.phone import Phone
from tests.support.world.sshd import Sshd

pytestmark = pytest.mark.namespaces

POLICY = "/etc/ssh/sshd_config.d/50-policy.conf"
SCOPE, MACHINES = "staff-2fa", "machines"
KEYED, CLOSED = "keyed", "closed"

KEY_THEN_PASSWORD = "publickey,keyboard-interactive"


@dataclass(frozen=True)
class Host:
    """A host whose administrator demands key and password of some, and closed passwords for others."""

    world: World
    rw2fa: Installation
    sshd: Sshd

    def become(self, state: str) -> None:
        """Off with our lines in, on, or removed."""
        if state == "on":
            self.rw2fa.command("pam", "install")
            self.rw2fa.command("enable")
        else:
            # This takes the lines out.
            self.rw2fa.command("disable", "--yes")
        if state == "off":
            self.rw2fa.command("pam", "install")
        self.sshd.reload()

    def user(self, *groups: str) -> User:
        return add_user(self.world, groups=groups)

    def is_in_by_key(self, user: User) -> bool:
        """By a key and nothing else, as a script does it."""
        terminal = self.sshd.login(user, methods="publickey", key=user.key, batch=True)
        return terminal.end() == 0 and f"you-are-in-as-{user.name}" in terminal.screen

    def is_in_by_password(self, user: User, password: str | None = None, *, key: bool = False) -> bool:
        """By a password in keyboard-interactive, after a key if there is one; whoever is asked more gives up."""
        methods = KEY_THEN_PASSWORD if key else "keyboard-interactive,password"
        terminal = self.sshd.login(user, methods=methods, key=user.key if key else None)
        if terminal.ends_before(prompts.PASSWORD):
            return terminal.end() == 0
        terminal.type(password or user.password)
        if terminal.ends_before(f"{prompts.CODE}|{prompts.PASSWORD}"):
            return terminal.end() == 0
        terminal.hang_up()
        return False


@pytest.fixture(scope="module")
def host(installed: Path) -> Iterator[Host]:
    with World(layers=[installed]) as world:
        for group in (SCOPE, MACHINES, KEYED, CLOSED):
            add_group(world, group)
        world.write(
            POLICY,
            f"Match Group {KEYED}\n    KbdInteractiveAuthentication yes\n"
            "    AuthenticationMethods publickey,keyboard-interactive\n"
            f"Match Group {CLOSED}\n    PasswordAuthentication no\n",
        )
        rw2fa = Installation(world)
        rw2fa.start()
        rw2fa.command("users", "add", f"@{SCOPE}")
        rw2fa.command("settings", "set", "exempt.users", f"@{MACHINES}")
        yield Host(world, rw2fa, Sshd(world))


@pytest.fixture(scope="module", params=["off", "on", "removed"])
def state(host: Host, request: pytest.FixtureRequest) -> str:
    host.become(request.param)
    return str(request.param)


def test_promise_14_who_has_to_show_key_and_password_still_has_to(host: Host, state: str) -> None:
    user = host.user(KEYED)
    allow_key(host.world, user)
    assert not host.is_in_by_key(user)
    assert not host.is_in_by_password(user, "wrong", key=True)
    assert host.is_in_by_password(user, key=True)


def test_promise_14_a_key_alone_goes_on_working_where_the_host_allows_it(host: Host, state: str) -> None:
    outsider, exempt = host.user(), host.user(SCOPE, MACHINES)
    for user in (outsider, exempt):
        allow_key(host.world, user)
        assert host.is_in_by_key(user)
    member = host.user(SCOPE)
    allow_key(host.world, member)
    assert host.is_in_by_key(member) is (state != "on")


def test_promise_14_passwords_that_were_closed_stay_closed(host: Host, state: str) -> None:
    for groups in ((CLOSED,), (CLOSED, SCOPE), (CLOSED, SCOPE, MACHINES)):
        user = host.user(*groups)
        assert not host.is_in_by_password(user), groups
    assert host.is_in_by_password(host.user())


@pytest.mark.parametrize("state", ["on"], indirect=True)
def test_promise_14_in_the_scope_a_closed_password_leaves_key_and_code(host: Host, state: str) -> None:
    member = host.user(CLOSED, SCOPE)
    key = allow_key(host.world, member)
    phone = Phone(str(host.rw2fa.json("users", "enrol", member.name)["uri"]))
    host.rw2fa.command("users", "confirm", member.name, phone.fresh())
    by_password = host.sshd.login(member)
    assert by_password.ends_before(prompts.PASSWORD)
    assert by_password.end() != 0
    by_key = host.sshd.login(member, methods=KEY_THEN_PASSWORD, key=key)
    by_key.answer(prompts.CODE, phone.fresh())
    assert by_key.end() == 0
    assert "assword" not in by_key.screen


@pytest.mark.parametrize("state", ["on"], indirect=True)
def test_promise_14_a_bypass_keeps_a_key_without_a_password(host: Host, state: str) -> None:
    member = host.user(SCOPE)
    key = allow_key(host.world, member)
    host.rw2fa.command("users", "bypass", member.name, "--for", "1h", "--reason", "phone lost")
    terminal = host.sshd.login(member, methods=KEY_THEN_PASSWORD, key=key)
    assert terminal.end() == 0
    assert terminal.screen.strip() == f"you-are-in-as-{member.name}"
