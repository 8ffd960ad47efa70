"""The relay and the hourly comparison under systemd: who starts what, and what each cannot do."""

from __future__ import annotations

import json
import stat
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.machine import Machine, MachineUnavailable

HERE = Path(__file__).parent
LIBRARY = "/usr/local/lib/rw2fa-tests"
UNITS = ("rw2fad.socket", "rw2fa-relay.socket")
PORT = 11123

PROBE = f"""
[Service]
Type=oneshot
Restart=no
ExecStart=
ExecStart=/usr/lib/rw2fa/bin/python3 -I {LIBRARY}/relay_prober.py
"""

SERVER = f"""
import sys, threading
sys.path.insert(0, "{LIBRARY}")
from time_servers import FakeServer
with FakeServer(skew=float(sys.argv[1]), port={PORT}):
    threading.Event().wait()
"""

# A minute is what it waits otherwise.
IDLE = """
[Service]
ExecStart=
ExecStart=/usr/sbin/rw2fa-relay --idle 1
"""

FILES = {
    f"{LIBRARY}/prober.py": (HERE / "prober.py").read_text(),
    f"{LIBRARY}/relay_prober.py": (HERE / "relay_prober.py").read_text(),
    f"{LIBRARY}/time_servers.py": (HERE.parent / "support" / "time_servers.py").read_text(),
    f"{LIBRARY}/server.py": SERVER,
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/rw2fa/rw2fa.toml.d/time.toml": f'[time]\nservers = ["127.0.0.1:{PORT}"]\n',
    "/etc/systemd/system/rw2fa-relay.service.d/idle.conf": IDLE,
}


@pytest.fixture(scope="module")
def machine() -> Generator[Machine]:
    """One for the whole file; each test starts the time server that it wants."""
    try:
        made = Machine(files=FILES, enabled=UNITS)
    except MachineUnavailable as reason:
        pytest.skip(f"no machine can be booted here: {reason}")
    with made:
        made.run("rw2fa", "init")
        yield made


@pytest.fixture
def skewed(machine: Machine) -> Generator[Any]:
    """Starts a time server whose clock is so many seconds ahead."""

    def start(seconds: float) -> None:
        machine.run("systemctl", "stop", "ntp.service", check=False)
        machine.run(
            *("systemd-run", "--quiet", "--collect", "--unit=ntp", "python3", f"{LIBRARY}/server.py", str(seconds))
        )
        machine.eventually("the time server", lambda: f":{PORT:04X} " in machine.run("cat", "/proc/net/udp").stdout)

    yield start
    machine.run("systemctl", "stop", "ntp.service", check=False)


def clock(machine: Machine) -> Any:
    """What `rw2fa status --json` says."""
    return json.loads(machine.run("rw2fa", "status", "--json").stdout)


def test_the_socket_is_for_root_and_the_verifier(machine: Machine) -> None:
    group = int(machine.run("id", "--group", "rw2fa").stdout)
    status = machine.path("/run/rw2fa/relay.sock").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, group, 0o660)


def test_who_asks_starts_it_it_ends_when_nobody_does_and_starts_again(machine: Machine, skewed: Any) -> None:
    skewed(0.0)
    machine.eventually("an idle relay", lambda: machine.state("rw2fa-relay.service") == "inactive")
    for _ in range(2):
        told = json.loads(machine.run("rw2fa", "status", "--refresh", "--json").stdout)
        assert told["clock_verdict"] == "ok", told
        machine.eventually("its end", lambda: machine.state("rw2fa-relay.service") == "inactive")
        assert machine.show("rw2fa-relay.service", "Result")["Result"] == "success"
        assert machine.state("rw2fa-relay.socket") == "active"


def test_fifty_crashes_never_leave_its_socket_failed(machine: Machine, skewed: Any) -> None:
    skewed(0.0)
    fast = machine.path("/etc/systemd/system/rw2fa-relay.service.d/later.conf")
    fast.write_text("[Service]\nRestartSec=10ms\nExecStart=\nExecStart=/bin/false\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "rw2fa-relay.service", check=False)
    machine.eventually(
        "fifty tries", lambda: int(machine.show("rw2fa-relay.service", "NRestarts")["NRestarts"]) >= 50, seconds=60
    )
    fast.unlink()
    machine.run("systemctl", "daemon-reload")
    assert machine.state("rw2fa-relay.socket") == "active"
    assert json.loads(machine.run("rw2fa", "status", "--refresh", "--json").stdout)["clock_verdict"] == "ok"


def test_the_hourly_comparison_is_planned(machine: Machine) -> None:
    machine.run("systemctl", "enable", "--now", "rw2fa-clock.timer")
    assert machine.state("rw2fa-clock.timer") == "active"


def test_the_hourly_comparison_runs_as_the_verifiers_user_and_keeps_what_it_learnt(
    machine: Machine, skewed: Any
) -> None:
    skewed(0.5)
    machine.run("systemctl", "start", "rw2fa-clock.service")
    told = clock(machine)
    assert told["clock_offset"] == pytest.approx(0.5, abs=0.1)
    assert told["clock_age"] < 30
    owner = int(machine.run("id", "--user", "rw2fa").stdout)
    status = machine.path("/var/lib/rw2fa/clock.json").stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (owner, 0o600)
    kernel = json.loads(machine.path("/var/lib/rw2fa/clock.json").read_text())["kernel"]
    assert kernel["synchronised"] in {True, False}, "the sandbox keeps it from asking the kernel"
    assert "Traceback" not in machine.journal("rw2fa-clock.service")


def test_a_wrong_clock_fails_the_unit_and_stands_in_the_journal_and_in_the_audit(machine: Machine, skewed: Any) -> None:
    skewed(100.0)
    assert machine.run("systemctl", "start", "rw2fa-clock.service", check=False).returncode != 0
    assert "behind the time servers" in machine.journal("rw2fa-clock.service")
    skewed(0.0)
    machine.run("systemctl", "start", "rw2fa-clock.service")
    records = [
        (record["RW2FA_EVENT"], record["RW2FA_RULE"])
        for record in machine.records("SYSLOG_IDENTIFIER=rw2fad")
        if record["RW2FA_EVENT"].startswith("clock")
    ]
    assert records[-2:] == [("clock-wrong", "clock-error"), ("clock-right", "clock-ok")]
    assert "clock-error" in machine.run("rw2fa", "audit").stdout


def test_without_a_network_the_comparison_succeeds_and_says_so(machine: Machine) -> None:
    machine.run("systemctl", "start", "rw2fa-clock.service")
    told = clock(machine)
    assert (told["clock_offset"], told["clock_verdict"]) == (None, "unknown")
    assert "cannot be reached" in told["clock_detail"]


def test_the_figures_are_for_everybody_to_read_and_stay_when_the_daemon_is_gone(machine: Machine) -> None:
    machine.path("/etc/rw2fa/rw2fa.toml.d/metrics.toml").write_text(
        '[metrics]\nfile = "/run/rw2fa-metrics/rw2fa.prom"\n'
    )
    machine.run("systemctl", "restart", "rw2fad.service")
    as_nobody = ("setpriv", "--reuid=nobody", "--clear-groups", "cat", "/run/rw2fa-metrics/rw2fa.prom")
    assert "rw2fa_up 1" in machine.run(*as_nobody).stdout
    machine.run("systemctl", "stop", "rw2fad.service")
    assert "rw2fa_up 0" in machine.run(*as_nobody).stdout


@pytest.fixture(scope="module")
def probed(machine: Machine) -> dict[str, Any]:
    """What came of every attempt of the prober."""
    drop_in = machine.path("/etc/systemd/system/rw2fa-relay.service.d/probe.conf")
    machine.run("systemctl", "start", "rw2fad.service")  # so that there are its credentials to look for
    machine.run("systemctl", "stop", "rw2fa-relay.service")
    drop_in.write_text(PROBE)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "rw2fa-relay.service")
    said = [str(record["MESSAGE"]) for record in machine.records("--unit=rw2fa-relay.service")]
    drop_in.unlink()
    machine.run("systemctl", "daemon-reload")
    shown: dict[str, Any] = json.loads(
        next(line.removeprefix("PROBED ") for line in said if line.startswith("PROBED "))
    )
    return shown


def test_its_sandbox_refuses_all_but_sending(probed: dict[str, Any]) -> None:
    needed = {
        *("AF_UNIX", "send over IPv4", "make an IPv6 socket", "resolve a name", "connect over IPv4"),
        *("load what sends", "read the certificate authorities"),
    }
    facts = {"user", "CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp"}
    done = {name for name in probed.keys() - needed - facts if probed[name] == "done"}
    assert done == set()
    assert {name: probed[name] for name in needed} == dict.fromkeys(needed, "done")


def test_promise_7_it_reads_neither_state_nor_key_nor_configuration(probed: dict[str, Any]) -> None:
    refused = {"EACCES", "EPERM", "ENOENT"}
    for what in (
        *("look into the state", "look into the configuration", "look into the credentials"),
        *("read the key file", "read its key", "read the configuration", "write the state", "reach the verifier"),
    ):
        assert probed[what] in refused, what


def test_it_runs_as_a_user_of_its_own_without_any_capability(probed: dict[str, Any]) -> None:
    assert probed["user"] == "rw2fa-relay"
    assert {probed[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16}
    assert (probed["NoNewPrivs"], probed["Seccomp"]) == ("1", "2")
