"""Several names of one uid: the kernel knows one user, so that the scope names all of them (promises 4, 13)."""

import itertools

import pytest

from tests.integration import prompts
from tests.support.world.accounts import User, allow_key
from tests.support.world.site import Member, Site
from tests.support.world.sshd import Sshd

pytestmark = pytest.mark.namespaces

_numbers = itertools.count(1)


def another_name(site: Site, user: User, *, first: bool = False) -> User:
    """An account with a password of its own, and the uid and home of somebody else's; `first` in passwd(5), or last."""
    other = User(f"toor{next(_numbers)}", f"Another-horse-{user.name}")
    uid = site.world.run("id", "-u", user.name).stdout.strip()
    argv = ("useradd", "--non-unique", "--uid", uid, "--no-create-home", "--home-dir", user.home)
    site.world.run(*argv, "--shell", "/bin/bash", other.name)
    site.world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin=f"{other.name}:{other.password}\n")
    if first:
        site.world.run(
            "sh", "-c", f"grep ^{other.name}: /etc/passwd > /tmp/p; grep -v ^{other.name}: /etc/passwd >> /tmp/p"
        )
        site.world.run("sh", "-c", "cat /tmp/p > /etc/passwd; rm /tmp/p")
    return other


def lets_in(sshd: Sshd, user: User, code: str) -> bool:
    """Whether password and code let in; AssertionError if no code is asked for."""
    terminal = sshd.login(user)
    terminal.answer(prompts.PASSWORD, user.password)
    terminal.answer(prompts.CODE, code)
    return terminal.end() == 0


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("by", ["name", "group"])
def test_promise_13_another_name_of_an_enabled_uid_is_asked_for_the_same_device(
    site: Site, bare_sshd: Sshd, first: bool, by: str
) -> None:
    member = site.member() if by == "group" else site.member_by_name()
    toor = another_name(site, member.user, first=first)
    explained = site.rw2fa.json("explain", toor.name, "--service", "sshd")
    assert (explained["decision"], explained["rule"]) == ("code", "code")
    assert f"{toor.name} has the uid of {member.user.name}" in " ".join(explained["remarks"])
    code = member.phone.fresh()
    assert lets_in(bare_sshd, toor, code)
    audit = site.rw2fa.command("audit", "--user", member.user.name).stdout
    assert f"signed in as {toor.name}" in audit
    site.log.forget()
    terminal = bare_sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, code)
    terminal.expect("used already")
    terminal.hang_up()


@pytest.mark.parametrize("by", ["name", "group"])
def test_promise_13_sshd_lets_another_name_in_with_a_key_and_the_code(site: Site, by: str) -> None:
    member = site.member() if by == "group" else site.member_by_name()
    toor = another_name(site, member.user)
    key = allow_key(site.world, member.user)
    told = site.rw2fa.command("pam", "check", "sshd", check=False).stdout
    assert f"sshd does not let {toor.name} use keyboard-interactive" in told
    site.rw2fa.command("pam", "refresh")
    site.sshd.reload()
    told = site.rw2fa.command("pam", "check", "sshd", check=False).stdout
    assert f"let {toor.name} use" not in told
    by_key = site.sshd.login(toor, methods="publickey,keyboard-interactive", key=key)
    by_key.answer(prompts.CODE, member.phone.fresh())
    assert by_key.end() == 0
    assert "assword" not in by_key.screen
    assert lets_in(site.sshd, toor, member.phone.fresh())


def test_promise_4_neither_a_key_nor_a_remote_desktop_lets_another_name_in(
    site: Site, bare_sshd: Sshd, member: Member
) -> None:
    toor = another_name(site, member.user)
    key = allow_key(site.world, member.user)
    terminal = bare_sshd.login(toor, methods="publickey", key=key, batch=True)
    assert terminal.end() != 0
    assert "you-are-in" not in terminal.screen
    assert site.authentication("xrdp-sesman", toor, toor.password) == "AUTH_ERR"


def test_promise_10_the_password_of_another_name_sets_up_no_device(site: Site, bare_sshd: Sshd, newcomer: User) -> None:
    toor = another_name(site, newcomer)
    terminal = bare_sshd.login(toor)
    terminal.answer(prompts.PASSWORD, toor.password)
    terminal.expect("Sign in once under that name")
    terminal.hang_up()
    assert not site.show(newcomer)["activated"]


def test_another_name_of_nobody_in_the_scope_is_not_asked(site: Site, bare_sshd: Sshd, outsider: User) -> None:
    toor = another_name(site, outsider)
    for user in (outsider, toor):
        terminal = bare_sshd.login(user)
        terminal.answer(prompts.PASSWORD, user.password)
        assert terminal.end() == 0


def test_an_exemption_names_nobody_else(site: Site, bare_sshd: Sshd, member: Member) -> None:
    toor = another_name(site, member.user)
    site.rw2fa.command("settings", "set", "exempt.users", member.user.name)
    try:
        assert site.rw2fa.json("explain", member.user.name, "--service", "sshd")["rule"] == "exempt-user"
        assert lets_in(bare_sshd, toor, member.phone.fresh())
    finally:
        site.rw2fa.command("settings", "unset", "exempt.users")


def test_who_is_named_as_well_has_a_device_of_ones_own(site: Site, bare_sshd: Sshd, member: Member) -> None:
    toor = another_name(site, member.user)
    told = site.rw2fa.command("users", "reset", toor.name, "--yes", check=False)
    assert f"{toor.name} has the uid of {member.user.name}, whose codes are asked for" in told.stderr
    site.rw2fa.command("users", "add", toor.name)
    phone = site.enrol(toor.name)
    assert lets_in(bare_sshd, toor, phone.fresh())
    assert lets_in(bare_sshd, member.user, member.phone.fresh())
