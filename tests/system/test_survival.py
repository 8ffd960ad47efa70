"""Promise 5 under systemd: what happens to the daemon never shuts the host for good."""

import pytest

from tests.support.machine import Machine
from tests.system.knocking import knock

CRASHES = 50


def main_pid(machine: Machine) -> int:
    """The daemon's process, in the machine's numbering; 0 while there is none."""
    return int(machine.show("rw2fad.service", "MainPID")["MainPID"])


@pytest.mark.timeout(900)
def test_promise_5_fifty_crashes_in_a_row_never_leave_the_socket_failed(host: Machine) -> None:
    # RestartSec=1 would make this take a minute; the limits under test count starts, whatever lies between them.
    host.path("/etc/systemd/system/rw2fad.service.d").mkdir(parents=True)
    host.path("/etc/systemd/system/rw2fad.service.d/fast.conf").write_text("[Service]\nRestartSec=10ms\n")
    host.run("systemctl", "daemon-reload")

    for _ in range(CRASHES):
        assert "rule=off" in knock(host, "alice")
        host.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "rw2fad.service")

    assert "rule=off" in knock(host, "alice")
    assert host.state("rw2fad.socket") == "active"
    assert host.show("rw2fad.socket", "Result")["Result"] == "success"
    assert int(host.show("rw2fad.service", "NRestarts")["NRestarts"]) >= CRASHES - 1


def test_promise_5_a_daemon_that_cannot_start_at_all_never_leaves_the_socket_failed(host: Machine) -> None:
    host.path("/etc/systemd/system/rw2fad.service.d").mkdir(parents=True)
    broken = host.path("/etc/systemd/system/rw2fad.service.d/broken.conf")
    broken.write_text("[Service]\nRestartSec=10ms\nExecStart=\nExecStart=/bin/false\n")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "start", "--no-block", "rw2fad.service")
    host.eventually(
        "fifty tries", lambda: int(host.show("rw2fad.service", "NRestarts")["NRestarts"]) >= CRASHES, seconds=60
    )
    assert host.state("rw2fad.socket") == "active"

    broken.unlink()
    host.run("systemctl", "daemon-reload")

    assert "rule=off" in knock(host, "alice")


def test_promise_5_a_crash_is_over_before_a_login_has_waited_its_three_seconds(host: Machine) -> None:
    knock(host, "alice")
    host.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "rw2fad.service")

    answered = host.run("timeout", "3", "python3", "-c", _ASK_ONCE, check=False)

    assert answered.returncode == 0, host.journal()
    assert "rule=off" in answered.stdout


def test_promise_5_a_daemon_that_hangs_is_killed_and_comes_back(host: Machine) -> None:
    host.path("/etc/systemd/system/rw2fad.service.d").mkdir(parents=True)
    host.path("/etc/systemd/system/rw2fad.service.d/fast.conf").write_text("[Service]\nWatchdogSec=2\n")
    host.run("systemctl", "daemon-reload")
    knock(host, "alice")
    hung = main_pid(host)

    host.run("kill", "-STOP", str(hung))

    host.eventually("another process", lambda: main_pid(host) not in {0, hung}, seconds=30)
    assert "rule=off" in knock(host, "alice")
    assert "Watchdog timeout" in host.journal()
    # No core: it would hold the key.
    assert "dumped core" not in host.journal()


def test_promise_5_it_outlives_its_look_up_workers(host: Machine) -> None:
    knock(host, "alice")
    before = main_pid(host)

    host.run("pkill", "-KILL", "--parent", str(before), check=False)

    assert "rule=off" in knock(host, "alice")
    assert main_pid(host) == before


_ASK_ONCE = """
import socket
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
    door.connect("/run/rw2fa/pam.sock")
    door.send(b"open\\0v=1\\0phase=auth\\0slot=main\\0service=sshd\\0user=alice")
    print(door.recv(16384).decode().replace("\\0", " "))
"""
