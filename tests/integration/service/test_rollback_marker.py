"""Promise 7 on real daemons: an old copy of the state that is put back by hand is noticed."""

import json
import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

from rw2fa_daemon.audit.line_file import FILE_NAME
from rw2fa_daemon.service.daemon import MARKER_SECONDS
from rw2fa_daemon.store.rollback_detector import marker_file, read_outside
from tests.integration.cli.command import PROGRAM, run
from tests.support.daemon import Site, wait_until

NAME = "daemon"
OTHER = "bin"
STEP_SECONDS = 30


def alarms(site: Site) -> int:
    lines = (site.state / FILE_NAME).read_text().splitlines()
    return len([line for line in lines if "state-older" in line])


def copied(site: Site, where: Path) -> Path:
    """A copy of the state's database, as an administrator might take one while nothing runs."""
    where.mkdir()
    for file in site.state.glob("state.db*"):
        shutil.copy2(file, where)
    return where


def put_back(site: Site, copy: Path) -> None:
    for file in site.state.glob("state.db*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy2(file, site.state)


def test_promise_7_after_an_old_copy_is_put_back_no_code_from_before_counts(site: Site, tmp_path: Path) -> None:
    site.enrol(NAME, OTHER)
    with site.daemon() as process:
        assert site.status()["mark"] == "ok"
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    copy = copied(site, tmp_path / "copy")
    with site.daemon() as process:
        code = site.code(NAME)
        assert site.login(NAME, code)["rule"] == "code-right"
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    put_back(site, copy)
    with site.daemon():
        assert "used already" in site.login(NAME, code)["text"]
        assert "used already" in site.login(OTHER, site.code(OTHER))["text"], "nobody knows what was accepted"
        assert site.login(OTHER, site.code(OTHER, 2)).get("rule") != "code-right", "ahead of its time"
        assert alarms(site) == 1


def test_promise_7_an_old_copy_put_back_under_the_running_daemon_is_noticed(site: Site, tmp_path: Path) -> None:
    site.enrol(NAME)
    copy = copied(site, tmp_path / "copy")
    with site.daemon():
        code = site.code(NAME)
        assert site.login(NAME, code)["rule"] == "code-right"
        put_back(site, copy)
        answers = [site.login(NAME, code) for _ in range(2)]
        assert "used already" in answers[-1]["text"]
        assert alarms(site) == 1
        assert site.status()["state"] == "ok"


def test_the_mark_follows_what_is_accepted_and_a_killed_daemon_raises_no_false_alarm(site: Site) -> None:
    site.enrol(NAME)
    with site.daemon() as process:
        first = read_outside(marker_file(site.state))
        assert first is not None
        assert site.login(NAME, site.code(NAME))["rule"] == "code-right"
        wait_until(
            lambda: read_outside(marker_file(site.state)) == first._replace(steps=first.steps + 1), MARKER_SECONDS + 5
        )
        assert site.login(NAME, site.code(NAME, 1))["rule"] == "code-right"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with site.daemon():
        time.sleep(0.1)
        assert "used already" in site.login(NAME, site.code(NAME, 1))["text"]
    assert not (site.state / FILE_NAME).exists() or alarms(site) == 0


def test_a_mark_that_cannot_be_kept_is_told_and_keeps_nobody_out(site: Site) -> None:
    site.enrol(NAME)
    with site.daemon():
        shutil.rmtree(marker_file(site.state).parent)
        marker_file(site.state).parent.write_text("in the way")
        assert site.login(NAME, site.code(NAME))["rule"] == "code-right"
        wait_until(lambda: "cannot be written" in site.status()["mark"], MARKER_SECONDS + 5)


def test_promise_7_a_mark_that_was_taken_away_counts_as_a_loss_and_shuts_nobody_out(site: Site) -> None:
    """Who puts an old copy back can take the mark away as well."""
    site.enrol(NAME, OTHER)
    store = site.store()
    words = store.code_hasher().new(NAME)
    store.transact(NAME, lambda account: (account and replace(account, recovery=words.digests), None))
    store.close()
    with site.daemon() as process:
        code = site.code(NAME)
        assert site.login(NAME, code)["rule"] == "code-right"
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    marker_file(site.state).unlink()
    with site.daemon():
        assert "used already" in site.login(OTHER, site.code(OTHER))["text"], "nobody knows what was accepted"
        assert site.login(NAME, words.codes[0]).get("rule") != "recovery-code", "nor which of those were used"
        assert alarms(site) == 1
        told = run([str(PROGRAM), "--config", str(site.config), "audit"]).out
        assert f"the mark of the state is not in {marker_file(site.state)} any more" in told
        shown = run([str(PROGRAM), "--config", str(site.config), "users", "show", NAME, "--json"]).out
        assert json.loads(shown)["recovery_codes_left"] == 0
        step = int(time.time()) // STEP_SECONDS
        wait_until(lambda: int(time.time()) // STEP_SECONDS > step + 1, 2 * STEP_SECONDS + 5)
        assert site.login(OTHER, site.code(OTHER))["rule"] == "code-right"
    with site.daemon():
        assert alarms(site) == 1
