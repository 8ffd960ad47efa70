"""A real sshd in a booted system: what the administrator types, and what the user then meets."""

from __future__ import annotations

from tests.support.machine import Machine
from tests.support.machine.tree import PASSWORD
from tests.support.world.terminal import Terminal
from tests.system.phone import Phone

ASK_CODE = r"ode.*: "
ACKNOWLEDGED = "written them down: "
KEY = "/run/alice_key"


def protect(machine: Machine, *users: str) -> None:
    """What an administrator types on a new host."""
    for command in (("pam", "install"), ("users", "add", *users), ("enable",)):
        machine.run("rw2fa", *command)


def ssh(machine: Machine, user: str, *options: str) -> Terminal:
    """A login from the machine itself that prints who it got in as."""
    quiet = ("-o", "StrictHostKeyChecking=accept-new", "-o", "NumberOfPasswordPrompts=1")
    return machine.terminal("ssh", *quiet, *options, f"{user}@127.0.0.1", "echo in as $(id --user --name)")


def sign_in(machine: Machine, user: str, code: str) -> Terminal:
    """Password, then this code."""
    login = ssh(machine, user)
    login.answer("assword:", PASSWORD)
    login.answer(ASK_CODE, code)
    return login


def enrol(machine: Machine, user: str) -> Phone:
    """A first login, which shows a key and gets in with a code of it."""
    login = ssh(machine, user)
    login.answer("assword:", PASSWORD)
    login.expect(ASK_CODE)
    phone = Phone(login.screen)
    login.type(phone.code())
    login.answer(ACKNOWLEDGED, "")
    assert login.end() == 0, login.screen
    assert f"in as {user}" in login.screen
    return phone


def test_promise_1_a_user_enrols_then_signs_in_with_codes_each_of_which_works_once(host: Machine) -> None:
    protect(host, "alice")

    phone = enrol(host, "alice")
    code = phone.code()
    second = sign_in(host, "alice", code)
    assert second.end() == 0, second.screen
    assert "in as alice" in second.screen

    again = sign_in(host, "alice", code)
    again.expect(ASK_CODE)
    assert "in as alice" not in again.screen
    again.hang_up()

    # Neither a restart of the daemon nor its death makes it new.
    host.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "rw2fad.service")
    after = sign_in(host, "alice", code)
    after.expect(ASK_CODE)
    assert "in as alice" not in after.screen
    after.type(phone.code())
    assert after.end() == 0, after.screen


def test_promise_4_a_key_alone_is_refused_and_a_key_with_a_code_needs_no_password(host: Machine) -> None:
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    host.run("sh", "-c", f"install -D -o alice -g alice -m 600 {KEY}.pub ~alice/.ssh/authorized_keys")
    host.run("chown", "-R", "alice:alice", "/home/alice/.ssh")
    keyed = ssh(host, "alice", "-i", KEY, "-o", "BatchMode=yes")
    assert keyed.end() == 0, keyed.screen

    protect(host, "alice")

    refused = ssh(host, "alice", "-i", KEY, "-o", "BatchMode=yes")
    assert refused.end() != 0
    assert "in as alice" not in refused.screen

    first = ssh(host, "alice", "-i", KEY)
    first.expect(ASK_CODE)
    assert "assword" not in first.screen
    phone = Phone(first.screen)
    first.type(phone.code())
    first.answer(ACKNOWLEDGED, "")
    assert first.end() == 0, first.screen
    assert "in as alice" in first.screen


def test_who_is_not_enabled_signs_in_as_before(host: Machine) -> None:
    protect(host, "alice")

    login = ssh(host, "bob")
    login.answer("assword:", PASSWORD)

    assert login.end() == 0, login.screen
    assert "in as bob" in login.screen


def test_promise_5_the_first_login_after_a_crash_starts_the_daemon_and_gets_in(host: Machine) -> None:
    protect(host, "alice")
    host.run("systemctl", "stop", "rw2fad.service")

    login = ssh(host, "bob")
    login.answer("assword:", PASSWORD)

    assert login.end() == 0, login.screen
    assert host.state("rw2fad.service") == "active"


def test_promise_5_without_socket_and_daemon_an_enabled_user_is_refused_within_the_deadline(host: Machine) -> None:
    protect(host, "alice")
    host.run("systemctl", "stop", "rw2fad.socket", "rw2fad.service")

    login = ssh(host, "alice")

    # Before the password even: the line for keys cannot be judged either. sshd's own delay adds to the hook's 3 s.
    assert login.end() != 0
    assert "in as alice" not in login.screen
    assert "cannot be checked now" in login.screen
    # sshd-session and sshd-auth: since OpenSSH 9.8 and 10.0.
    by_sshd = host.records(*(f"SYSLOG_IDENTIFIER={name}" for name in ("sshd", "sshd-session", "sshd-auth")))
    assert [record for record in by_sshd if "pam_rw2fa" in str(record["MESSAGE"])], "nothing in the auth log"


def test_after_disable_everybody_signs_in_as_before_and_no_line_of_ours_is_left(host: Machine) -> None:
    before = {path: host.path(path).read_bytes() for path in ("/etc/pam.d/sshd", "/etc/pam.d/common-auth")}
    protect(host, "alice")

    host.run("rw2fa", "disable")

    login = ssh(host, "alice")
    login.answer("assword:", PASSWORD)
    assert login.end() == 0, login.screen
    assert {path: host.path(path).read_bytes() for path in before} == before
