"""Somebody is told of an activation by an administrator's program, under systemd: by whom, with what, and how far."""

from __future__ import annotations

import json
import stat
from collections.abc import Generator

import pyotp
import pytest

from tests.support.machine import Machine, MachineUnavailable
from tests.support.machine.tree import PASSWORD
from tests.system.phone import Phone
from tests.system.test_ssh import ACKNOWLEDGED, ASK_CODE, protect, ssh

PROGRAM = "/usr/local/sbin/tell"
WRITES = """#!/bin/sh
exec >>/var/told/log
echo "$RW2FA_EVENT $RW2FA_USER $(id -un) $(env | wc -l)"
for path in /etc/rw2fa/rw2fa.toml /etc/rw2fa/master.key /var/lib/rw2fa/state.db /run/rw2fa/pam.sock /home/alice; do
    ls -d "$path" >/dev/null 2>&1 && echo "sees $path"
done
touch /usr/local/sbin/x 2>/dev/null && echo "writes to the system"
# A mail system's program gets the rights of its owner.
/usr/local/bin/setuid-id
"""

FILES = {
    PROGRAM: WRITES,
    "/etc/rw2fa/rw2fa.toml.d/notify.toml": f'[enrolment]\nnotify = "{PROGRAM}"\n',
}


@pytest.fixture(scope="module")
def machine() -> Generator[Machine]:
    """One with a program to be run, and nobody enrolled."""
    try:
        made = Machine(files=FILES, enabled=("rw2fad.socket", "rw2fa-notify.socket"))
    except MachineUnavailable as reason:
        pytest.skip(f"no machine can be booted here: {reason}")
    with made:
        made.run("rw2fa", "init")
        made.run("chmod", "755", PROGRAM)
        made.run("install", "-d", "-m", "1777", "/var/told")
        # id(1) as a setuid program of somebody else's.
        made.run("install", "-m", "4755", "-o", "bob", "/usr/bin/id", "/usr/local/bin/setuid-id")
        yield made


def told(machine: Machine) -> list[str]:
    log = machine.path("/var/told/log")
    return log.read_text().splitlines() if log.exists() else []


def test_an_activation_at_a_login_runs_the_program_as_a_user_of_its_own_and_lets_it_mail(machine: Machine) -> None:
    protect(machine, "alice")
    login = ssh(machine, "alice")
    login.answer("assword:", PASSWORD)
    login.expect(ASK_CODE)
    login.type(Phone(login.screen).code())
    login.answer(ACKNOWLEDGED, "")
    assert login.end() == 0, login.screen
    machine.eventually("the program", lambda: len(told(machine)) >= 2)
    first, *rest = told(machine)
    assert first.split()[:3] == ["activated", "alice", "rw2fa-notify"]
    [identity] = rest
    assert "euid=" in identity, "a setuid program has no effect: no mail system would work"
    assert "(bob)" in identity
    assert machine.show("rw2fa-notify.service", "Result")["Result"] == "success"


def test_the_socket_is_for_root_and_the_verifier(machine: Machine) -> None:
    group = int(machine.run("id", "--group", "rw2fa").stdout)
    status = machine.path("/run/rw2fa/notify.sock").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, group, 0o660)


def test_that_the_program_fails_is_audited_and_refuses_nothing(machine: Machine) -> None:
    machine.path(PROGRAM).write_text("#!/bin/sh\nexit 7\n")
    machine.run("rw2fa", "users", "add", "bob")
    secret = json.loads(machine.run("rw2fa", "users", "enrol", "bob", "--json").stdout)["secret"]
    done = machine.run("rw2fa", "users", "confirm", "bob", pyotp.TOTP(secret).now())
    assert "ended with status 7" in done.stderr
    records = machine.records("RW2FA_EVENT=notice-failed")
    assert [record["RW2FA_USER"] for record in records] == ["bob"]


def test_promise_11_the_verifier_itself_runs_no_program_of_others(machine: Machine) -> None:
    """Where nobody listens for it, nothing is run in its stead."""
    before = told(machine)
    machine.path(PROGRAM).write_text(WRITES)
    machine.run("systemctl", "stop", "rw2fa-notify.socket", "rw2fa-notify.service")
    machine.run("rw2fa", "users", "reset", "alice", "--yes", "--no-token")
    login = ssh(machine, "alice")
    login.answer("assword:", PASSWORD)
    login.expect(ASK_CODE)
    login.type(Phone(login.screen).code())
    login.answer(ACKNOWLEDGED, "")
    assert login.end() == 0, login.screen
    machine.eventually(
        "the audit", lambda: any(r["RW2FA_USER"] == "alice" for r in machine.records("RW2FA_EVENT=notice-failed"))
    )
    assert told(machine) == before
