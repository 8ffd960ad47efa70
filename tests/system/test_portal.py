"""The web portal under systemd: its units, their sandboxes, and the command that switches it on."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.machine import Machine, MachineUnavailable
from tests.support.machine.tree import PASSWORD

CLIENT = "/usr/local/lib/portal_logon.py"
PYTHON = "/usr/lib/rw2fa/bin/python3"


@pytest.fixture(scope="module")
def machine() -> Generator[Machine]:
    """A machine whose administrator has switched the portal on."""
    try:
        booted = Machine(files={CLIENT: (Path(__file__).parent / "portal_logon.py").read_text()})
    except MachineUnavailable as reason:
        pytest.skip(f"no machine can be booted here: {reason}")
    with booted:
        booted.run("rw2fa", "init")
        booted.run("rw2fa", "pam", "install")
        booted.run("rw2fa", "portal", "enable")
        yield booted


def _logon(machine: Machine, *words: str) -> list[str]:
    return machine.run(PYTHON, "-I", CLIENT, *words).stdout.split()


def test_enabled_it_serves_and_people_sign_in_through_the_sandboxes(machine: Machine) -> None:
    assert _logon(machine, "alice", PASSWORD) == ["/applications"]
    assert _logon(machine, "alice", "not the password") == ["403"]


def test_an_expired_password_is_changed_inside_the_sandbox(machine: Machine) -> None:
    machine.run("chage", "--lastday", "0", "bob")
    new = "Another-horse-7-battery"
    assert _logon(machine, "bob", PASSWORD, PASSWORD, new, new) == ["/logon", "/logon", "/logon", "/applications"]
    assert _logon(machine, "bob", new) == ["/applications"]


def test_its_process_has_no_rights_and_a_logon_s_has_few(machine: Machine) -> None:
    for unit, at_most in (("rw2fa-portal.service", 2.0), ("rw2fa-session@1.service", 5.0)):
        done = machine.run("systemd-analyze", "security", f"--threshold={at_most * 10:g}", unit, check=False)
        assert done.returncode == 0, done.stdout
    units = ("rw2fa-portal.service", "rw2fa-session.socket", "rw2fa-session@.service")
    done = machine.run("systemd-analyze", "verify", "--man=no", *(f"/usr/lib/systemd/system/{unit}" for unit in units))
    assert done.stdout + done.stderr == ""


def test_what_is_missing_is_said_and_keeps_it_off(machine: Machine) -> None:
    shown = json.loads(machine.run("rw2fa", "portal", "status", "--json").stdout)
    assert (shown["enabled"], shown["running"]) == (True, True)
    assert all(check["ok"] for check in shown["checks"])
    machine.run("rw2fa", "portal", "disable", "--yes")
    assert json.loads(machine.run("rw2fa", "portal", "status", "--json").stdout)["running"] is False
    machine.run("rw2fa", "settings", "set", "portal.listen", "127.0.0.1:22")
    machine.run("systemctl", "start", "ssh.service", check=False)
    machine.run("rw2fa", "pam", "remove", "rw2fa-portal")
    refused = machine.run("rw2fa", "portal", "enable", check=False)
    assert refused.returncode == 1
    assert "rw2fa-portal" in refused.stderr
    machine.run("rw2fa", "pam", "install", "rw2fa-portal")
    machine.run("rw2fa", "settings", "unset", "portal.listen")
    machine.run("sh", "-c", "echo >/etc/nothing.pem")
    machine.run("sh", "-c", 'printf \'[portal]\\ncertificate = "/etc/nothing.pem"\\nkey = "/etc/nothing.pem"\\n\' '
                ">/etc/rw2fa/rw2fa.toml.d/portal.toml")  # fmt: skip
    refused = machine.run("rw2fa", "portal", "enable", check=False)
    assert refused.returncode == 1
    assert "/etc/nothing.pem" in refused.stderr
    machine.run("rm", "/etc/rw2fa/rw2fa.toml.d/portal.toml")
    machine.run("rw2fa", "portal", "enable")
    assert _logon(machine, "alice", PASSWORD) == ["/applications"]
