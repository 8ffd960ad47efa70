"""What the verifier tries and must not be able to do, from inside its own unit."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.machine import Machine, MachineUnavailable
from tests.system.knocking import knock
from tests.system.prober import ATTEMPTS

PROBER = "/usr/local/lib/rw2fa-prober.py"

# Replaces the program and nothing else: user, namespaces, filters, credentials and limits stay the unit's.
DROP_IN = f"""
[Service]
Type=oneshot
Restart=no
ExecReload=
ExecStart=
ExecStart=/usr/lib/rw2fa/bin/python3 -I {PROBER}
WatchdogSec=0
"""

REFUSED = (
    *("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"),
    *("write /etc", "write /usr", "write /run/rw2fa", "write /var", "write /dev/shm", "write /sys/fs/cgroup"),
    *("read /etc/shadow", "read the key file", "read a host key", "read /root", "read /home"),
    *("read init's environment", "read the kernel's log", "read memory", "read a disk"),
    *("become root", "become another group", "join groups", "give a file away", "make a set-user-ID file"),
    *("make a device", "change the root folder", "set the clock", "set the host's name"),
    *("raise its priority", "take real-time priority", "signal others"),
    *("run what it wrote to the state", "run what it wrote to the figures"),
    "run what it wrote to the mark",
    *("run what it wrote to /tmp", "run what it wrote to /var/tmp"),
    "map memory that can be written and run",
)
NEEDED = (
    *(
        "AF_UNIX",
        "write the state",
        "write the mark",
        "write the figures",
        "read the configuration",
        "read its key",
        "reach the journal",
        "look people up",
    ),
)
EXPOSURE_AT_MOST = {
    "rw2fad.service": 0.5,
    "rw2fa-relay.service": 2.0,
    "rw2fa-notify.service": 8.0,
    "rw2fa-clock.service": 1.0,
    "rw2fa-doctor.service": 4.0,
    "rw2fa-sshd.service": 4.5,
}
"""Of 10, by unit. The verifier's rest is AF_UNIX, the host's users (SO_PEERCRED) and the host's root folder."""


@pytest.fixture(scope="module")
def probed() -> Generator[dict[str, Any]]:
    """What came of every attempt of the prober, in one machine for the whole file."""
    try:
        machine = Machine(
            files={
                PROBER: (Path(__file__).parent / "prober.py").read_text(),
                "/etc/systemd/system/rw2fad.service.d/probe.conf": DROP_IN,
            }
        )
    except MachineUnavailable as reason:
        pytest.skip(f"no machine can be booted here: {reason}")
    with machine:
        machine.run("rw2fa", "init")
        machine.run("systemctl", "start", "rw2fad.service")
        said = [str(record["MESSAGE"]) for record in machine.records("--unit=rw2fad.service")]
        yield json.loads(next(line.removeprefix("PROBED ") for line in said if line.startswith("PROBED ")))


@pytest.mark.parametrize("what", REFUSED)
def test_the_sandbox_refuses(probed: dict[str, Any], what: str) -> None:
    assert probed[what] in {"EACCES", "EPERM", "EAFNOSUPPORT", "EROFS", "ENOENT", "ENXIO"}


@pytest.mark.parametrize("what", NEEDED)
def test_the_sandbox_leaves_what_the_verifier_needs(probed: dict[str, Any], what: str) -> None:
    assert probed[what] == "done"


def test_every_attempt_of_the_prober_is_judged(probed: dict[str, Any]) -> None:
    assert set(ATTEMPTS) == {*REFUSED, *NEEDED}


def test_it_runs_as_a_user_of_its_own_without_any_capability(probed: dict[str, Any]) -> None:
    assert probed["user"] == "rw2fa"
    assert probed["groups"] is True
    assert {probed[name] for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")} == {"0" * 16}
    assert probed["NoNewPrivs"] == "1"
    assert probed["Seccomp"] == "2"


def test_it_has_no_network_but_its_own_loopback(probed: dict[str, Any]) -> None:
    assert probed["interfaces"] == ["lo"]


def test_promise_3_no_core_dump_can_hold_the_key(probed: dict[str, Any]) -> None:
    assert probed["core"] == [0, 0]
    assert int(probed["core filter"], 16) == 0


def test_promise_3_the_key_is_not_in_the_environment(probed: dict[str, Any]) -> None:
    assert "CREDENTIALS_DIRECTORY" in probed["environment"]
    assert not [name for name in probed["environment"] if "KEY" in name.upper()]


def test_promise_7_what_it_writes_is_for_nobody_else(probed: dict[str, Any]) -> None:
    assert probed["umask"] == 0o077


def test_promise_11_thousands_of_connections_have_descriptors(probed: dict[str, Any]) -> None:
    assert probed["files"] >= 16384


def test_it_sees_no_process_but_its_own(probed: dict[str, Any]) -> None:
    assert probed["processes seen"] == 0


def test_systemd_finds_little_that_is_open(host: Machine) -> None:
    for unit, at_most in EXPOSURE_AT_MOST.items():
        done = host.run("systemd-analyze", "security", f"--threshold={at_most * 10:g}", unit, check=False)
        assert done.returncode == 0, done.stdout


def test_the_units_hold_nothing_that_systemd_does_not_know(host: Machine) -> None:
    units = (
        *("rw2fad.service", "rw2fad.socket", "rw2fa-doctor.service", "rw2fa-doctor.timer"),
        *("rw2fa-relay.service", "rw2fa-relay.socket", "rw2fa-clock.service", "rw2fa-clock.timer"),
        *("rw2fa-notify.service", "rw2fa-notify.socket"),
    )
    done = host.run("systemd-analyze", "verify", "--man=no", *(f"/usr/lib/systemd/system/{unit}" for unit in units))
    assert done.stdout + done.stderr == ""


def test_the_daemon_itself_runs_without_a_complaint_of_the_sandbox(host: Machine) -> None:
    assert "rule=off" in knock(host, "alice")
    said = host.journal()
    assert "Traceback" not in said
    assert "Permission denied" not in said
    assert "Operation not permitted" not in said
