"""`rw2fa clock`, `status --refresh` and `doctor` with a daemon that starts the relay, and with none."""

import json
import os
import stat
import time
from pathlib import Path

import pytest

from rw2fa_daemon.audit import file_reader
from rw2fa_daemon.audit.skipped import Skipped
from tests.integration.cli.command import Host
from tests.support.daemon import HOST_USERS
from tests.support.time_servers import Chronyd, FakeServer, free_port

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the command is root's")


def configure(host: Host, *servers: str) -> None:
    host.configure(f"time.servers = {json.dumps(servers)}\nsettings.discrepancy = 480")


def test_before_the_first_comparison_nothing_is_claimed(host: Host) -> None:
    told = host.json("status")
    assert told["clock_offset"] is None
    assert told["clock_verdict"] == "unknown"
    assert "never compared" in host.does("status")


def test_status_refresh_asks_now_and_what_it_learnt_is_shown_afterwards(host: Host, tmp_path: Path) -> None:
    with Chronyd(tmp_path, skew=7.0) as server, host.daemon():
        configure(host, server.name)
        told = host.json("status", "--refresh")
    assert told["clock_offset"] == pytest.approx(7.0, abs=0.2)
    assert told["clock_verdict"] == "warn"
    assert "7.0" in host.does("clock")
    later = host.json("status")
    assert later["clock_offset"] == told["clock_offset"]
    assert later["clock_age"] < 60
    status = (host.state / "clock.json").stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (host.state.stat().st_uid, 0o600)


def test_a_wrong_clock_is_said_by_every_command_and_changes_none(host: Host, tmp_path: Path) -> None:
    with Chronyd(tmp_path, skew=90.0) as server, host.daemon():
        configure(host, server.name)
        before = time.time() - time.monotonic()
        assert "90.0" in host.refuses("clock", "--refresh")
        told = json.loads(host.rw2fa("clock", "--json").out)
        (finding,) = (
            finding for finding in json.loads(host.rw2fa("doctor", "--json").out) if finding["check"] == "clock"
        )
        assert abs(time.time() - time.monotonic() - before) < 1
    assert told["clock_verdict"] == "error"
    assert told["servers"][0]["stratum"] == 3
    assert (finding["ok"], "behind" in finding["detail"]) == (False, True)
    assert "WRONG" in host.does("status")


def test_promise_12_a_wrong_clock_decides_no_login(host: Host, tmp_path: Path) -> None:
    host.write_config(scope=HOST_USERS)
    name = HOST_USERS[0]
    host.enrol(name)
    with FakeServer(skew=1e6) as server, host.daemon():
        host.write_config(f'[time]\nservers = ["{server.name}"]\n', scope=HOST_USERS)
        assert host.rw2fa("clock", "--refresh").status == 1
        assert host.login(name, host.code(name))["rc"] == "SUCCESS"


def test_the_alarm_is_in_the_audit_and_so_is_its_end(host: Host) -> None:
    with FakeServer(skew=-60.0) as server, host.daemon():
        configure(host, server.name)
        host.rw2fa("clock", "--refresh")
        server.skew = 0.0
        host.does("clock", "--refresh")
        host.does("clock", "--refresh")
    if Path("/run/systemd/journal/socket").exists():
        pytest.skip("the records are in this host's journal; tests/system reads them in a machine of its own")
    events = [
        (record.event.label, record.rule)
        for record in file_reader.records(host.state, Skipped())
        if record.event.label.startswith("clock")
    ]
    assert events == [("clock-wrong", "clock-error"), ("clock-right", "clock-ok")]


def test_no_network_is_a_state_with_its_reason(host: Host) -> None:
    with host.daemon():
        configure(host, f"127.0.0.1:{free_port()}")
        told = host.json("status", "--refresh")
        assert told["clock_offset"] is None
        assert "cannot be reached" in told["clock_detail"]
        findings = json.loads(host.rw2fa("doctor", "--json").out)
    assert all(finding["ok"] for finding in findings if finding["check"] == "clock")


def test_no_relay_is_a_state_too(host: Host) -> None:
    told = host.json("status", "--refresh")
    assert told["clock_offset"] is None
    assert "the relay does not answer" in told["clock_detail"]


def test_no_servers_is_what_the_administrator_wanted(host: Host) -> None:
    configure(host)
    assert "no time server is configured" in host.json("status", "--refresh")["clock_detail"]


def test_the_table_has_a_row_for_each_server(host: Host) -> None:
    with FakeServer() as one, FakeServer(lie=lambda fields: fields.update(leap=3)) as two, host.daemon():
        configure(host, one.name, two.name)
        shown = host.does("clock", "--refresh")
    assert one.name in shown
    assert "its own clock is not synchronised" in shown
