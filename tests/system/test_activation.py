"""rw2fad.socket and rw2fad.service: who starts what, and what the service manager is told."""

import stat
from collections.abc import Callable

from tests.support.machine import Machine
from tests.system.knocking import knock


def test_a_login_starts_the_daemon_through_the_socket(host: Machine) -> None:
    assert host.state("rw2fad.socket") == "active"
    assert host.state("rw2fad.service") == "inactive"

    reply = knock(host, "alice")

    assert reply.startswith("end"), reply
    assert "rule=off" in reply
    assert host.state("rw2fad.service") == "active"


def test_it_tells_systemd_that_it_is_ready_and_how_it_is(host: Machine) -> None:
    # Type=notify: `start` returns only after READY=1.
    host.run("systemctl", "start", "rw2fad.service")

    shown = host.show("rw2fad.service", "Type", "SubState", "StatusText", "WatchdogTimestampMonotonic")
    assert shown["Type"] == "notify"
    assert shown["SubState"] == "running"
    assert shown["StatusText"] == "Two-factor authentication is disabled"
    assert int(shown["WatchdogTimestampMonotonic"]) > 0


def test_promise_5_the_socket_lies_where_only_root_can_put_one_and_everybody_may_connect(host: Machine) -> None:
    folder, socket = host.path("/run/rw2fa").stat(), host.path("/run/rw2fa/pam.sock").stat()
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (0, 0o755)
    assert stat.S_ISSOCK(socket.st_mode)
    assert (socket.st_uid, stat.S_IMODE(socket.st_mode)) == (0, 0o666)


def test_promise_7_the_state_is_the_verifiers_and_nobody_elses_to_read(host: Machine) -> None:
    host.run("systemctl", "start", "rw2fad.service")

    owner = int(host.run("id", "--user", "rw2fa").stdout)
    folder = host.path("/var/lib/rw2fa").stat()
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (owner, 0o700)
    for path in host.path("/var/lib/rw2fa").iterdir():
        assert (path.name, path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (path.name, owner, 0o600)


def test_a_stop_is_clean_and_the_next_login_starts_it_again(host: Machine) -> None:
    knock(host, "alice")
    host.run("systemctl", "stop", "rw2fad.service")
    assert host.show("rw2fad.service", "ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}

    assert "rule=off" in knock(host, "alice")


def test_logins_that_come_during_a_restart_are_answered_by_the_new_daemon(host: Machine) -> None:
    knock(host, "alice")
    before = host.show("rw2fad.service", "MainPID")["MainPID"]
    host.run("systemctl", "restart", "--no-block", "rw2fad.service")

    for _ in range(20):
        assert "rule=off" in knock(host, "alice")
    host.eventually("another process", lambda: host.show("rw2fad.service", "MainPID")["MainPID"] not in {"0", before})


def test_started_with_the_host_it_needs_no_first_login(boot: Callable[..., Machine]) -> None:
    machine = boot(files={"/etc/rw2fa/master.key": ""}, enabled=("rw2fad.socket",))
    machine.path("/etc/rw2fa/master.key").unlink()
    machine.run("rw2fa", "init")
    machine.run("systemctl", "enable", "--now", "rw2fad.service")

    assert machine.state("rw2fad.service") == "active"
    assert machine.run("systemctl", "is-enabled", "rw2fad.service", "rw2fad.socket").stdout.split() == ["enabled"] * 2


def test_the_daily_check_is_planned_and_its_unit_runs_the_command(host: Machine) -> None:
    host.run("systemctl", "enable", "--now", "rw2fa-doctor.timer")
    assert host.state("rw2fa-doctor.timer") == "active"
    assert host.show("rw2fa-doctor.timer", "NextElapseUSecRealtime")["NextElapseUSecRealtime"]

    started = host.run("systemctl", "start", "rw2fa-doctor.service", check=False)

    # With a finding the unit fails, so that somebody sees it; the findings are in its journal either way.
    ended = host.show("rw2fa-doctor.service", "ExecMainStatus", "ExecMainCode")
    assert ended["ExecMainCode"] == "1", "it was killed"
    assert ended["ExecMainStatus"] == ("0" if started.returncode == 0 else "1")
    said = host.journal("rw2fa-doctor.service")
    assert "Traceback" not in said
    assert "rw2fa[" in said or "python3[" in said, said
