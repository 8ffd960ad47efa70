"""The daemon's own report, from a real one."""

from __future__ import annotations

from pathlib import Path

from rw2fa_daemon.config.load import load
from rw2fa_daemon.doctor.host.daemon import check_daemon
from rw2fa_daemon.doctor.subject import Subject
from tests.support.daemon import Site, wait_until
from tests.unit.doctor.conftest import NOW, wrong


def subject(site: Site) -> Subject:
    return Subject(load(site.config), Path("/"), NOW)


def test_promise_5_a_daemon_that_is_not_there_is_found(site: Site) -> None:
    (finding,) = wrong(check_daemon(subject(site)))
    assert "does not answer" in finding.detail
    assert "logins through our lines are refused" in finding.detail


def test_a_healthy_daemon_gives_no_finding(site: Site) -> None:
    with site.daemon():
        assert list(check_daemon(subject(site))) == []


def test_promise_6_a_daemon_that_kept_an_old_configuration_is_found(site: Site) -> None:
    with site.daemon() as process:
        before = subject(site)
        site.config.write_text(site.config.read_text() + "frobnicate = 1\n")
        process.send_signal(1)
        wait_until(lambda: site.status()["config"] != "ok", 10)
        (finding,) = wrong(check_daemon(before))
        assert finding.check == "daemon-config"
        assert "frobnicate" in finding.detail
