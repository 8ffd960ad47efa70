"""Figures of a daemon that runs: asked for, and in a file."""

import os
import signal
import stat
import time
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.service import metrics_file
from tests.integration.cli.command import PROGRAM, run
from tests.support.daemon import HOST_USERS, Site, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the daemon reports to root only")
NAME = HOST_USERS[0]
GUESSED = Counters(wide_guesses=3, wide_at=int(time.time()))


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by name and values of labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def printed(site: Site) -> dict[tuple[str, tuple[str, ...]], float]:
    done = run([str(PROGRAM), "--config", str(site.config), "metrics"])
    assert (done.status, done.err) == (0, "")
    return samples(done.out)


def test_logins_are_counted_as_they_end(site: Site) -> None:
    site.enrol(NAME)
    with site.daemon():
        assert site.login(NAME, "0" * 10)["verb"] == "ask"
        assert site.login(NAME, site.code(NAME))["rc"] == "SUCCESS"
        with site.hook() as hook:
            assert hook.open("root")["rule"] == "not-enabled"
        told = printed(site)
    assert told["rw2fa_up", ()] == 1
    assert told["rw2fa_phases_total", ("allow", "code-right")] == 1
    assert told["rw2fa_phases_total", ("ignore", "not-enabled")] == 1
    assert told["rw2fa_audit_records_total", ("code-wrong",)] == 1
    assert told["rw2fa_answer_seconds_count", ()] >= 5
    assert told["rw2fa_users_activated", ()] == 1
    assert told["rw2fa_users_locked", ()] == 0
    assert told["rw2fa_users_guess_budget_spent", ("whole",)] == 0
    assert told["rw2fa_enabled", ()] == told["rw2fa_state_usable", ()] == told["rw2fa_configuration_good", ()] == 1
    assert told["rw2fa_clock_verdict", ("unknown",)] == 1
    assert ("rw2fa_clock_offset_seconds", ()) not in told


def test_who_is_out_of_guesses_is_counted(site: Site) -> None:
    site.enrol(NAME, digits=6)
    store = site.store()
    store.transact(NAME, lambda account: (account and replace(account, counters=GUESSED), None))
    store.close()
    with site.daemon():
        assert site.login(NAME, site.code(NAME))["rc"] == "SUCCESS"
        told = printed(site)
    for figures in (told, printed(site)):
        assert figures["rw2fa_users_guess_budget_spent", ("whole",)] == 1
        assert figures["rw2fa_users_guess_budget_spent", ("narrow",)] == 0


def test_no_name_of_a_person_is_in_them(site: Site) -> None:
    site.enrol(NAME)
    with site.daemon():
        site.login(NAME, site.code(NAME))
        labels = {label for _, values in printed(site) for label in values}
    assert NAME not in labels


def test_of_a_daemon_that_is_down_it_is_said_that_it_is(site: Site) -> None:
    site.enrol(NAME)
    told = printed(site)
    assert told["rw2fa_up", ()] == 0
    assert told["rw2fa_users_activated", ()] == 1


def test_the_file_is_written_at_once_and_says_in_the_end_that_the_daemon_is_gone(site: Site) -> None:
    file = site.folder / "rw2fa.prom"
    site.write_config(f'[metrics]\nfile = "{file}"\n')
    with site.daemon() as daemon:
        wait_until(file.exists, 20.0)
        assert samples(file.read_text())["rw2fa_up", ()] == 1
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
        assert site.status()["metrics"] == "ok"
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0
    assert samples(file.read_text())["rw2fa_up", ()] == 0


def test_a_file_that_cannot_be_written_is_reported_and_stops_nothing(site: Site) -> None:
    site.enrol(NAME)
    site.write_config(f'[metrics]\nfile = "{site.folder}/none/rw2fa.prom"\n')
    with site.daemon():
        assert "cannot be written" in site.status()["metrics"]
        assert site.login(NAME, site.code(NAME))["rc"] == "SUCCESS"


def test_a_reload_moves_the_file(site: Site) -> None:
    with site.daemon() as daemon:
        file = site.folder / "rw2fa.prom"
        site.write_config(f'[metrics]\nfile = "{file}"\n')
        daemon.send_signal(signal.SIGHUP)
        wait_until(file.exists, 20.0)


def test_the_interval_is_what_the_configuration_says_of_it() -> None:
    assert metrics_file.INTERVAL_SECONDS == 15
