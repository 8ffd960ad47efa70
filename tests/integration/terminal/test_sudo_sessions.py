"""sudo asks once per login session: not again for a while after a code in the same audit session of the kernel."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration import prompts
from tests.support.world.site import Member, Site
from tests.support.world.terminal import Terminal
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

SHELL = r"\$ (?:\x1b\[K)?$"
SUDO = "sudo --reset-timestamp id -un"
"""Not from sudo's own memory, which would ask for nothing at all."""

NO_SESSION = "4294967295"


@pytest.fixture(scope="module")
def audit_sessions() -> None:
    """Skips where the kernel counts none (CONFIG_AUDIT)."""
    if not Path("/proc/self/sessionid").exists():
        pytest.skip("this kernel counts no audit sessions")


@pytest.fixture
def sudoer(site: Site, member: Member, audit_sessions: None) -> Iterator[Member]:
    """A member who may run everything as root, with the own password."""
    rule = f"/etc/sudoers.d/{member.user.name}"
    site.world.write(rule, f"{member.user.name} ALL=(ALL:ALL) ALL\n", mode=0o440)
    yield member
    site.world.path(rule).unlink()


def shell(site: Site, member: Member) -> Terminal:
    """A shell over SSH, in an audit session of its own that pam_loginuid opened."""
    terminal = site.sshd.login(member.user, command="bash --norc", options=["RequestTTY=force"])
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.answer(prompts.CODE, member.phone.fresh())
    terminal.expect(SHELL)
    return terminal


def shell_without_a_code(site: Site, member: Member) -> Terminal:
    """The same after a login in which no code was typed."""
    site.rw2fa.command("users", "bypass", member.user.name, "--for", "1h", "--once", "--reason", "phone at home")
    terminal = site.sshd.login(member.user, command="bash --norc", options=["RequestTTY=force"])
    terminal.answer(prompts.PASSWORD, member.user.password)
    terminal.expect(SHELL)
    return terminal


def session_of(terminal: Terminal) -> str:
    terminal.type("echo session=$(cat /proc/self/sessionid)")
    number = terminal.expect(r"session=\d+")
    terminal.expect(SHELL)
    return number.partition("=")[2]


def sudo(terminal: Terminal, member: Member, *codes: str) -> str:
    """`sudo id -un`; gives what was asked or printed after the password and these codes."""
    terminal.type(SUDO)
    terminal.answer(prompts.PASSWORD, member.user.password)
    for code in codes:
        terminal.answer(prompts.CODE, code)
    return terminal.expect(prompts.CODE, r"\nroot\r\n").strip()


CONTAINER = "/usr/local/sbin/enter-container"
_SHELL = "--reuid=$SUDO_UID --regid=$SUDO_GID --init-groups bash --norc"
_CONTAINERS = {
    "pid": f"#!/bin/sh\nexec unshare --pid --fork --mount-proc setpriv {_SHELL}\n",
    # A user namespace in which everybody is who they were: elsewhere sudo would not be root.
    "user": f"""#!/usr/bin/python3
import ctypes, os
mapped, told = os.pipe()
opened, tell = os.pipe()
child = os.fork()
if child == 0:
    if ctypes.CDLL(None).unshare(0x10000000) != 0:
        os._exit(1)
    os.write(tell, b"x")
    os.read(mapped, 1)
    os.execl("/bin/sh", "sh", "-c", "exec setpriv {_SHELL}")
os.read(opened, 1)
for file in ("uid_map", "gid_map"):
    with open(f"/proc/{{child}}/{{file}}", "w") as lines:
        lines.write("0 0 4294967295\\n")
os.write(told, b"x")
os.waitpid(child, 0)
""",
}


@pytest.fixture(params=_CONTAINERS)
def container(request: pytest.FixtureRequest, site: Site, sudoer: Member) -> str:
    """A command that goes into namespaces of their own, in the same audit session, and asks for no password."""
    site.world.write(CONTAINER, _CONTAINERS[request.param], mode=0o755)
    rule = f"/etc/sudoers.d/{sudoer.user.name}"
    site.world.write(rule, site.world.read(rule) + f"{sudoer.user.name} ALL=NOPASSWD: {CONTAINER}\n", mode=0o440)
    return f"sudo {CONTAINER}"


def leave(terminal: Terminal) -> None:
    terminal.answer(SHELL, "exit")
    terminal.end()


def test_after_a_code_at_ssh_sudo_asks_for_none_in_that_session(site: Site, sudoer: Member) -> None:
    terminal = shell(site, sudoer)
    assert session_of(terminal) != NO_SESSION
    assert sudo(terminal, sudoer) == "root"
    leave(terminal)
    rules = [record["rule"] for record in site.rw2fa.json("audit", "--user", sudoer.user.name)]
    assert rules[-2:] == ["code-right", "recent-code"]


def test_sudo_asks_once_in_a_login_session(site: Site, sudoer: Member) -> None:
    terminal = shell_without_a_code(site, sudoer)
    assert session_of(terminal) != NO_SESSION
    assert sudo(terminal, sudoer, sudoer.phone.fresh()) == "root"
    for _ in range(2):
        terminal.expect(SHELL)
        assert sudo(terminal, sudoer) == "root"
    leave(terminal)
    rules = [record["rule"] for record in site.rw2fa.json("audit", "--user", sudoer.user.name)]
    assert rules[-3:] == ["code-right", "recent-code", "recent-code"]


def test_two_logins_each_with_a_code_are_both_spared(site: Site, sudoer: Member) -> None:
    first, second = shell(site, sudoer), shell(site, sudoer)
    assert session_of(first) != session_of(second)
    for terminal in (second, first):
        assert sudo(terminal, sudoer) == "root"
        leave(terminal)


def test_promise_4_another_session_of_the_same_person_is_asked(site: Site, sudoer: Member) -> None:
    first, second = shell(site, sudoer), shell_without_a_code(site, sudoer)
    assert session_of(first) != session_of(second)
    assert sudo(first, sudoer) == "root"
    assert re.search(prompts.CODE.strip(), sudo(second, sudoer))
    second.type(sudoer.phone.fresh())
    second.expect(r"\nroot\r\n")
    for terminal in (first, second):
        leave(terminal)


def test_promise_4_a_session_that_does_not_say_what_it_is_gets_nothing(site: Site, sudoer: Member) -> None:
    stack = site.world.read("/etc/pam.d/sshd")
    kept = re.sub(r"(?m)^session.*pam_rw2fa\.so.*\n", "", stack)
    assert kept != stack
    site.world.write("/etc/pam.d/sshd", kept)
    try:
        terminal = shell(site, sudoer)
    finally:
        site.world.write("/etc/pam.d/sshd", stack)
    assert sudo(terminal, sudoer) == prompts.CODE.strip()
    terminal.hang_up()


def test_promise_4_a_wrong_code_is_no_code_in_the_session(site: Site, sudoer: Member) -> None:
    terminal = shell_without_a_code(site, sudoer)
    assert sudo(terminal, sudoer, sudoer.phone.wrong()) == prompts.CODE.strip()
    terminal.hang_up()


def test_promise_4_without_a_session_sudo_asks_each_time(site: Site, sudoer: Member) -> None:
    # As a job does that no login started; the test itself may be in a session, and leaves it.
    name = sudoer.user.name
    leave_it = f"echo {NO_SESSION} >/proc/self/loginuid; cat /proc/self/sessionid"
    for _ in range(2):
        terminal = site.world.terminal(
            *("sh", "-c", f"{leave_it}; exec setpriv --reuid={name} --regid={name} --init-groups {SUDO}")
        )
        terminal.answer(prompts.PASSWORD, sudoer.user.password)
        terminal.answer(prompts.CODE, sudoer.phone.fresh())
        assert terminal.end() == 0
        assert NO_SESSION in terminal.screen


def test_promise_4_with_zero_minutes_sudo_asks_each_time(site: Site, sudoer: Member) -> None:
    site.rw2fa.command("settings", "set", "sudo_minutes", "0")
    try:
        terminal = shell(site, sudoer)
        assert sudo(terminal, sudoer, sudoer.phone.fresh()) == "root"
        terminal.expect(SHELL)
        assert sudo(terminal, sudoer) == prompts.CODE.strip()
        terminal.hang_up()
    finally:
        site.rw2fa.command("settings", "unset", "sudo_minutes")


def test_promise_4_a_code_outside_of_a_container_spares_nobody_inside(
    site: Site, sudoer: Member, container: str
) -> None:
    terminal = shell(site, sudoer)
    outside = session_of(terminal)
    assert sudo(terminal, sudoer) == "root"
    terminal.answer(SHELL, container)
    terminal.expect(SHELL)
    assert session_of(terminal) == outside
    assert sudo(terminal, sudoer) == prompts.CODE.strip()
    terminal.hang_up()


def test_promise_4_a_code_in_a_container_spares_nobody_outside(site: Site, sudoer: Member, container: str) -> None:
    terminal = shell_without_a_code(site, sudoer)
    terminal.type(container)
    terminal.expect(SHELL)
    assert sudo(terminal, sudoer, sudoer.phone.fresh()) == "root"
    terminal.expect(SHELL)
    assert sudo(terminal, sudoer) == "root", "there it is remembered"
    terminal.answer(SHELL, "exit")
    terminal.expect(SHELL)
    assert sudo(terminal, sudoer) == prompts.CODE.strip()
    terminal.hang_up()


def test_promise_4_a_reset_ends_what_the_session_had(site: Site, sudoer: Member) -> None:
    terminal = shell(site, sudoer)
    assert sudo(terminal, sudoer) == "root"
    site.rw2fa.command("users", "reset", sudoer.user.name, "--yes")
    terminal.answer(SHELL, SUDO)
    terminal.answer(prompts.PASSWORD, sudoer.user.password)
    terminal.expect(prompts.ENROL_ELSEWHERE)
    terminal.hang_up()


def test_promise_4_a_code_for_sudo_opens_no_login_of_another_kind(site: Site, sudoer: Member) -> None:
    terminal = shell(site, sudoer)
    assert sudo(terminal, sudoer) == "root"
    terminal.answer(SHELL, f"su {sudoer.user.name} -c 'id -un'")
    terminal.answer(prompts.PASSWORD, sudoer.user.password)
    terminal.expect(prompts.CODE)
    terminal.hang_up()


def test_after_a_code_at_the_console_sudo_asks_for_none_in_that_session(site: Site, sudoer: Member) -> None:
    terminal = site.world.terminal("login")
    terminal.answer("login: ", sudoer.user.name)
    terminal.answer(prompts.PASSWORD, sudoer.user.password)
    terminal.answer(prompts.CODE, sudoer.phone.fresh())
    terminal.expect(SHELL)
    assert sudo(terminal, sudoer) == "root"
    leave(terminal)


# What outlives a login, and the numbers of sessions


def leave_tmux_behind(terminal: Terminal, socket: str) -> None:
    """Starts a tmux server in the terminal's session, which goes on when that ends, and logs out."""
    terminal.type(f"tmux -S {socket} -f /dev/null new-session -d 'bash --norc' && echo left-it")
    terminal.expect(r"[\r\n]left-it\r\n")
    leave(terminal)


def sudo_in_tmux(site: Site, member: Member, socket: str) -> str:
    """Runs sudo in the tmux that was left behind, with the password and nothing else; all that it printed."""
    result = f"/tmp/result-{member.user.name}"
    site.world.path(result).unlink(missing_ok=True)
    line = f"echo {member.user.password} | sudo --stdin --reset-timestamp id -un >{result}.new 2>{result}.asked"
    line += f"; cat {result}.asked >>{result}.new; mv {result}.new {result}"
    site.world.run("tmux", "-S", socket, "send-keys", line, "Enter", user=member.user.name)
    wait_until("sudo in tmux", site.world.path(result).exists)
    return site.world.read(result)


def test_promise_4_a_tmux_left_behind_has_what_its_session_had_and_later_logins_have_not(
    site: Site, sudoer: Member
) -> None:
    socket = f"/tmp/tmux-{sudoer.user.name}"
    leave_tmux_behind(shell(site, sudoer), socket)
    later = shell_without_a_code(site, sudoer)
    assert "root" in sudo_in_tmux(site, sudoer, socket).splitlines(), "for sudo_minutes after the code, no longer"
    assert sudo(later, sudoer) == prompts.CODE.strip()
    later.hang_up()
    site.rw2fa.command("settings", "set", "sudo_minutes", "0")
    try:
        assert prompts.CODE.strip() in sudo_in_tmux(site, sudoer, socket)
    finally:
        site.rw2fa.command("settings", "unset", "sudo_minutes")
    site.rw2fa.command("users", "reset", sudoer.user.name, "--yes", "--no-token")
    assert prompts.ENROL_ELSEWHERE in sudo_in_tmux(site, sudoer, socket)
    site.world.run("tmux", "-S", socket, "kill-server", user=sudoer.user.name)


def test_promise_4_a_tmux_that_no_code_was_given_in_is_asked_whatever_was_given_elsewhere(
    site: Site, sudoer: Member
) -> None:
    socket = f"/tmp/tmux-{sudoer.user.name}"
    leave_tmux_behind(shell_without_a_code(site, sudoer), socket)
    later = shell(site, sudoer)
    assert sudo(later, sudoer) == "root"
    assert prompts.CODE.strip() in sudo_in_tmux(site, sudoer, socket)
    later.hang_up()
    site.world.run("tmux", "-S", socket, "kill-server", user=sudoer.user.name)


def test_promise_4_nobody_can_take_the_number_of_a_session_that_had_a_code(site: Site, sudoer: Member) -> None:
    name = sudoer.user.name
    first = shell(site, sudoer)
    number = session_of(first)
    # Whoever is in a session stays in it.
    first.type("echo $UID >/proc/self/loginuid || echo refused; echo now=$(cat /proc/self/sessionid)")
    first.expect(r"[\r\n]refused\r\n")
    assert first.expect(r"now=\d+") == f"now={number}"
    first.expect(SHELL)
    # Whoever is in none may say whose it is, and is given a number that nobody had.
    begin = f"echo {NO_SESSION} >/proc/self/loginuid; echo $(id -u {name}) >/proc/self/loginuid"
    as_user = f"exec setpriv --reuid={name} --regid={name} --init-groups {SUDO}"
    other = site.world.terminal("sh", "-c", f"{begin}; echo now=$(cat /proc/self/sessionid); {as_user}")
    assert other.expect(r"now=\d+") not in {f"now={number}", f"now={NO_SESSION}"}
    other.answer(prompts.PASSWORD, sudoer.user.password)
    other.expect(prompts.CODE)
    other.hang_up()
    assert sudo(first, sudoer) == "root"
    leave(first)
