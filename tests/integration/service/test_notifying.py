"""Somebody is told that a device was activated: the notifier as the daemon's child, where no systemd runs."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rw2fa_daemon.wire.notification import AT_ONCE_MAX, EVENTS
from tests.integration.cli.command import PROGRAM, run
from tests.support.daemon import BOOT, HOST_USERS, NAMESPACES, Site, wait_until
from tests.support.world.phone import Phone
from tests.support.world.qr import read_code

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")
NAME = HOST_USERS[0]
EXAMPLE = Path(__file__).resolve().parents[3] / "etc/examples/notify-by-mail"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the notifier's user may look, and write what it was told."""
    made = Path(tempfile.mkdtemp(prefix="rw2fa-notify-"))
    made.chmod(0o755)
    told = made / "told"
    told.mkdir()
    told.chmod(0o1777)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def program(folder: Path) -> Path:
    made = folder / "program"
    made.write_text(f"#!/bin/sh\necho $RW2FA_EVENT $RW2FA_USER $(id -u) >>{folder}/told/log\n")
    made.chmod(0o755)
    return made


def told(folder: Path) -> list[list[str]]:
    log = folder / "told" / "log"
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


def enrolled(site: Site, name: str) -> list[str]:
    """A first login, to the end; the recovery codes that it shows."""
    with site.hook() as hook:
        asked = hook.open(name)
        shown = hook.reply(Phone(read_code(asked["text"])).code())
        hook.send("reply", n=shown["n"], none="empty")
        assert hook.receive()["rc"] == "SUCCESS"
    return re.findall(r"(?m)^ *([a-z0-9]+(?:-[a-z0-9]+)+)$", shown["text"])


def failures(site: Site) -> list[dict[str, str]]:
    path = site.state / "audit.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [record for record in records if record["event"] == "notice-failed"]


def test_who_activates_is_told_of_and_not_by_root(site: Site, program: Path, folder: Path) -> None:
    site.write_config(f'[enrolment]\nnotify = "{program}"\n')
    with site.daemon():
        enrolled(site, NAME)
        wait_until(lambda: bool(told(folder)), 30.0)
    [(event, user, uid)] = told(folder)
    assert (event, user) == ("activated", NAME)
    assert uid != "0"
    assert failures(site) == []


def test_who_signs_in_with_a_recovery_code_is_told_of(site: Site, program: Path, folder: Path) -> None:
    site.write_config(f'[enrolment]\nnotify = "{program}"\n')
    with site.daemon():
        codes = enrolled(site, NAME)
        with site.hook() as hook:
            hook.open(NAME)
            assert hook.reply(codes[0])["rule"] == "recovery-code"
        wait_until(lambda: len(told(folder)) == 2, 30.0)
    # Neither waits for the other to end.
    assert sorted(event for event, _, _ in told(folder)) == ["activated", "recovery-code-used"]


def test_what_an_administrator_does_is_told_as_well(site: Site, program: Path, folder: Path) -> None:
    site.write_config(f'[enrolment]\nnotify = "{program}"\n')
    command = [str(PROGRAM), "--config", str(site.config)]
    with site.daemon():
        uri = json.loads(run([*command, "users", "enrol", NAME, "--json"]).out)["uri"]
        assert run([*command, "users", "confirm", NAME, Phone(uri).code()]).status == 0
        done = run([*command, "users", "recovery", NAME])
        assert (done.status, done.err) == (0, "")
    assert [event for event, _, _ in told(folder)] == ["activated", "recovery-codes-made"]


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_a_logon_at_the_portal_is_told_of_if_the_settings_ask_for_it(
    site: Site, program: Path, folder: Path, wanted: str
) -> None:
    site.write_config(f'[enrolment]\nnotify = "{program}"\n[portal]\nnotify = {wanted}\n', scope=[NAME])
    place = {"boot": BOOT, "namespaces": NAMESPACES}
    with site.daemon():
        with site.hook() as hook:
            hook.send("logon", v="1", user="games", service="rw2fa-portal", address="192.0.2.1", **place)
            assert hook.receive()["result"] == "ok"
        enrolled(site, NAME)
        expected = [["activated", NAME], *([["logon", "games"]] if wanted == "true" else [])]
        wait_until(lambda: len(told(folder)) >= len(expected), 30.0)
    assert sorted([event, user] for event, user, _ in told(folder)) == expected


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("exit 7", 0o755, "ended with status 7"),
        ("exit 0", 0o777, "can be written by users other than root"),
        ("exit 0", 0o644, "is not executable"),
    ],
)
def test_that_nobody_could_be_told_is_audited_and_refuses_no_login(
    site: Site, program: Path, text: str, mode: int, why: str
) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(mode)
    site.write_config(f'[enrolment]\nnotify = "{program}"\n')
    with site.daemon():
        enrolled(site, NAME)
        wait_until(lambda: bool(failures(site)), 30.0)
    [record] = failures(site)
    assert (record["user"], record["rule"]) == (NAME, "activated")
    assert why in record["reason"]


def test_promise_11_no_more_run_at_once_than_a_few_and_no_login_waits_for_them(
    site: Site, program: Path, folder: Path
) -> None:
    program.write_text(f"#!/bin/sh\necho began $RW2FA_USER 1 >>{folder}/told/log\nsleep 3\n")
    site.write_config(f'[enrolment]\nnotify = "{program}"\n')
    people = HOST_USERS[: AT_ONCE_MAX + 2]
    with site.daemon():
        began = time.monotonic()
        for name in people:
            enrolled(site, name)
        assert time.monotonic() - began < 30, "each would have waited for three seconds"
        wait_until(lambda: len(told(folder)) + len(failures(site)) >= len(people), 60.0)


def test_nothing_is_run_where_nothing_is_set(site: Site, program: Path, folder: Path) -> None:
    with site.daemon() as daemon:
        enrolled(site, NAME)
        with site.hook() as hook:
            assert hook.open(NAME)["verb"] == "ask"
        lines = [child.cmdline() for child in psutil.Process(daemon.pid).children()]
    assert not [line for line in lines if "rw2fa_daemon.notify.main" in line]
    assert told(folder) == []


@pytest.mark.parametrize(
    ("user", "status"), [("alice", 0), ("a.b-c_d", 0), ("-oQ/tmp", 65), ("a b", 65), ("a\nBcc: x", 65), ("jörg", 65)]
)
def test_the_example_mails_whom_it_may(tmp_path: Path, user: str, status: int) -> None:
    sendmail, mail = tmp_path / "sendmail", tmp_path / "mail"
    sendmail.write_text(f'#!/bin/sh\necho "$@" >{mail}\ncat >>{mail}\n')
    sendmail.chmod(0o755)
    words = {"SENDMAIL": str(sendmail), "DOMAIN": "example.org", "RW2FA_USER": user, "RW2FA_EVENT": "activated"}
    done = subprocess.run(["sh", str(EXAMPLE)], env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **words}, check=False)
    assert done.returncode == status
    assert mail.exists() is (status == 0)
    if status == 0:
        assert mail.read_text().startswith(f"-i -t\nTo: {user}@example.org\nSubject: ")


def test_the_example_knows_every_event() -> None:
    assert {event for event in EVENTS if f"    {event})" in EXAMPLE.read_text()} == EVENTS
