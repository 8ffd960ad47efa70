"""A daemon that is dead, stopped or killed in the middle: refused within the deadline, loudly (item 6, promise 5)."""

import time
from collections.abc import Iterator

import pytest

from tests.integration import prompts
from tests.integration.outage.lines import with_argument
from tests.support.world.accounts import User, allow_key
from tests.support.world.sesman import IN
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal

pytestmark = pytest.mark.namespaces

SLACK_SECONDS = 4.0
"""What a login takes besides waiting for the daemon: delays after a refusal, and a busy machine."""


@pytest.fixture
def dead(site: Site) -> Iterator[Site]:
    """The daemon was killed, and its socket file is still there."""
    site.rw2fa.kill()
    yield site
    site.rw2fa.start()


@pytest.fixture
def frozen(site: Site) -> Iterator[Site]:
    """The daemon is there, accepts, and never says a word."""
    site.rw2fa.pause()
    yield site
    site.rw2fa.resume()


def refused_within(seconds: float, terminal: Terminal) -> None:
    before = time.monotonic()
    assert terminal.end() != 0
    assert time.monotonic() - before < seconds + SLACK_SECONDS
    assert "you-are-in" not in terminal.screen


def test_item_6_ssh_is_refused_with_a_line_in_the_auth_log(member: Member, dead: Site) -> None:
    # Already by the line for keys, which has to ask the daemon as well.
    refused_within(3, dead.sshd.login(member.user))
    dead.log.wait_for(r"pam_rw2fa\(sshd:auth\): refused: .*start rw2fad")


def test_item_6_ssh_is_refused_when_the_daemon_says_nothing(member: Member, frozen: Site) -> None:
    refused_within(3, frozen.sshd.login(member.user))
    frozen.log.wait_for(r"pam_rw2fa\(sshd:auth\): refused: ")


@pytest.mark.parametrize("program", ["su", "login"])
def test_item_6_terminals_are_refused_within_three_seconds(member: Member, frozen: Site, program: str) -> None:
    if program == "su":
        terminal = frozen.world.terminal("su", member.user.name, "-c", "id -un", user="daemon")
    else:
        terminal = frozen.world.terminal("login")
        terminal.answer("login: ", member.user.name)
    terminal.answer(prompts.PASSWORD, member.user.password)
    before = time.monotonic()
    terminal.expect("The second factor cannot be checked now")
    assert time.monotonic() - before < 3 + SLACK_SECONDS
    terminal.hang_up()
    frozen.log.wait_for(rf"pam_rw2fa\({program}:auth\): refused: ")


def test_item_6_a_key_is_refused_with_the_daemon_dead(member: Member, dead: Site) -> None:
    key = allow_key(dead.world, member.user)
    refused_within(3, dead.sshd.login(member.user, methods="publickey", key=key, batch=True))


def test_item_6_xrdp_is_refused_within_two_seconds(member: Member, frozen: Site) -> None:
    before = time.monotonic()
    assert frozen.sesman.verdict(member.user) != IN
    assert time.monotonic() - before < 2 + SLACK_SECONDS


def test_item_6_xrdp_is_refused_at_once_with_the_daemon_dead(member: Member, dead: Site) -> None:
    assert dead.sesman.verdict(member.user) != IN
    dead.log.wait_for(r"sesman.*rw2fa")


def test_promise_5_a_daemon_killed_while_it_waits_for_the_code_lets_nobody_in(site: Site, member: Member) -> None:
    terminal = site.sshd.login(member.user)
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.expect(prompts.CODE)
    site.rw2fa.kill()
    code = member.phone.fresh()
    terminal.type(code)
    refused_within(3, terminal)
    site.rw2fa.start()
    again = site.sshd.login(member.user)
    again.answer(prompts.PASSWORD, member.user.password)
    again.answer(prompts.CODE, code)
    assert again.end() == 0, "it was never judged, so it is still good"


def test_promise_1_kills_in_the_middle_of_logins_make_no_code_count_twice(site: Site, member: Member) -> None:
    accepted: list[str] = []
    for attempt in range(6):
        code = member.phone.fresh()
        terminal = site.sshd.login(member.user)
        terminal.answer(prompts.PASSWORD, member.user.password)
        terminal.expect(prompts.CODE)
        terminal.type(code)
        time.sleep(attempt * 0.004)
        site.rw2fa.kill()
        if terminal.end() == 0:
            accepted.append(code)
        site.rw2fa.start()
    for code in accepted:
        again = site.sshd.login(member.user)
        again.answer(prompts.PASSWORD, member.user.password)
        again.answer(prompts.CODE, code)
        again.expect(prompts.CODE_USED)
        again.hang_up()
    last = site.sshd.login(member.user)
    last.answer(prompts.PASSWORD, member.user.password)
    last.answer(prompts.CODE, member.phone.fresh())
    assert last.end() == 0, "an activated user was lost"


def test_promise_5_unreachable_allow_opens_loudly_for_a_socket_that_refuses(member: Member, dead: Site) -> None:
    with dead.edited_pam("common-auth", lambda line: with_argument(line, "unreachable=allow")):
        terminal = dead.world.terminal("su", member.user.name, "-c", "id -un", user="daemon")
        terminal.answer(prompts.PASSWORD, member.user.password)
        assert terminal.end() == 0
        assert prompts.CODE not in terminal.screen
        dead.log.wait_for(r"su.*rw2fa.*unreachable=allow")


def test_promise_5_unreachable_allow_does_not_open_for_a_daemon_that_is_silent(member: Member, frozen: Site) -> None:
    with frozen.edited_pam("common-auth", lambda line: with_argument(line, "unreachable=allow")):
        terminal = frozen.world.terminal("su", member.user.name, "-c", "id -un", user="daemon")
        terminal.answer(prompts.PASSWORD, member.user.password)
        assert terminal.end() != 0


def test_promise_5_the_console_stays_open_for_root_loudly(dead: Site) -> None:
    dead.world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin="root:the root of the matter\n")
    with dead.edited_pam("common-auth", lambda line: with_argument(line, "console=root")):
        terminal = dead.world.console("login")
        terminal.answer("login: ", "root")
        terminal.answer(prompts.PASSWORD, "the root of the matter")
        terminal.answer(r"# $", "tty; exit")
        terminal.end()
        assert "/dev/tty1" in terminal.screen
        dead.log.wait_for(r"login.*rw2fa.*console")


def test_promise_5_the_console_is_not_open_to_others(member: Member, dead: Site) -> None:
    with dead.edited_pam("common-auth", lambda line: with_argument(line, "console=root")):
        terminal = dead.world.console("login")
        terminal.answer("login: ", member.user.name)
        terminal.answer(prompts.PASSWORD, member.user.password)
        terminal.expect("Login incorrect")
        terminal.hang_up()


def test_promise_5_a_pseudo_terminal_is_no_console(dead: Site) -> None:
    dead.world.run("chpasswd", "--crypt-method=SHA512", "--sha-rounds=1000", stdin="root:the root of the matter\n")
    with dead.edited_pam("common-auth", lambda line: with_argument(line, "console=root")):
        terminal = dead.world.terminal("login")
        terminal.answer("login: ", "root")
        terminal.answer(prompts.PASSWORD, "the root of the matter")
        terminal.expect("Login incorrect")
        terminal.hang_up()


def test_item_6_somebody_outside_the_scope_is_refused_too_while_nobody_can_judge(outsider: User, dead: Site) -> None:
    # Who is in the scope is the daemon's to say: a hook that decided by itself would be a way around it.
    terminal = dead.sshd.login(outsider)
    terminal.answer(prompts.PASSWORD, outsider.password)
    refused_within(3, terminal)
