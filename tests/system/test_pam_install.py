"""Installing our lines on a host that systemd runs: sshd hears of it, and doctor's unit is content."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.machine import Machine

DROPIN = "/etc/ssh/sshd_config.d/10-rw2fa.conf"


@pytest.fixture
def serving(boot: Callable[..., Machine]) -> Machine:
    """A machine with the state made, the socket listening and sshd running."""
    machine = boot(enabled=("rw2fad.socket", "ssh.service"))
    machine.run("rw2fa", "init")
    machine.eventually("sshd", lambda: machine.state("ssh.service") == "active")
    return machine


def methods(machine: Machine, user: str) -> str:
    """What the running sshd offers, by what the client says when it has nothing to offer itself."""
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "PreferredAuthentications=none")
    argv = [switch for option in options for switch in ("-o", option)]
    return machine.run("ssh", *argv, f"{user}@127.0.0.1", "true", check=False).stderr


def findings(machine: Machine) -> list[dict[str, Any]]:
    printed = machine.run("rw2fa", "doctor", "--json", check=False).stdout
    return [finding for finding in json.loads(printed) if not finding["ok"]]


def test_promise_14_a_running_sshd_is_told_whom_its_drop_in_is_about(serving: Machine) -> None:
    done = serving.run("rw2fa", "pam", "install")
    assert "ssh.service was reloaded" in done.stderr
    serving.run("rw2fa", "users", "add", "alice")
    assert "keyboard-interactive" not in methods(serving, "alice"), "nobody is asked while it is off"
    serving.run("rw2fa", "enable")
    serving.eventually("alice is asked", lambda: "keyboard-interactive" in methods(serving, "alice"))
    assert "keyboard-interactive" not in methods(serving, "root"), "root is not in the scope"
    serving.run("rw2fa", "disable", "--yes")
    serving.eventually("the old methods", lambda: "keyboard-interactive" not in methods(serving, "alice"))


def test_promise_5_without_a_socket_that_systemd_holds_nothing_is_put_in(serving: Machine) -> None:
    serving.run("systemctl", "stop", "rw2fad.socket", "rw2fad.service")
    before = serving.path("/etc/pam.d/sshd").read_bytes()
    done = serving.run("rw2fa", "pam", "install", check=False)
    assert done.returncode == 1
    assert "systemctl start rw2fad.socket" in done.stderr
    assert serving.path("/etc/pam.d/sshd").read_bytes() == before
    assert not serving.path(DROPIN).exists()


def test_doctor_is_content_with_what_the_installer_leaves(serving: Machine) -> None:
    serving.run("rw2fa", "pam", "install")
    serving.run("rw2fa", "users", "add", "alice")
    serving.run("rw2fa", "enable")
    assert findings(serving) == []
    serving.run("systemctl", "start", "rw2fa-doctor.service")


def test_doctor_finds_a_socket_unit_that_is_not_active(serving: Machine) -> None:
    serving.run("rw2fa", "pam", "install")
    serving.run("systemctl", "stop", "rw2fad.socket", "rw2fad.service")
    assert {finding["check"] for finding in findings(serving)} == {"daemon", "socket-unit"}
    assert serving.run("systemctl", "start", "rw2fa-doctor.service", check=False).returncode != 0
