"""The shipped fail2ban filters, by fail2ban's own fail2ban-regex, on lines that the audit writes."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rw2fa_daemon.audit.line_file import line
from rw2fa_daemon.audit.message import message
from rw2fa_daemon.core.audit import Event, Record

FILTERS = Path(__file__).resolve().parents[3] / "etc/fail2ban/filter.d"
COMMON = Path("/etc/fail2ban/filter.d/common.conf")
PREFIX = "Nov 24 03:00:00 workhost rw2fad[4711]: "


def journal_line(record: Record) -> str:
    """As fail2ban sees a record in the journal."""
    return PREFIX + message(record)


def file_line(record: Record) -> str:
    """As the file of a host without a journal has a record."""
    return line(record).decode().removesuffix("\n")


@dataclass(frozen=True)
class Fail2ban:
    """A filter, and the lines that it is for."""

    filter: Path
    written: Callable[[Record], str]
    log: Path

    def banned(self, *lines: str) -> list[str]:
        """The addresses that fail2ban would count for lines of a log."""
        self.log.write_text("".join(f"{text}\n" for text in lines), encoding="utf-8", errors="surrogateescape")
        command = ["fail2ban-regex", "--encoding=utf-8", "--out=ip", str(self.log), str(self.filter)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.stderr, done.stderr
        return done.stdout.split()

    def line(self, event: Event = Event.CODE_WRONG, **fields: str) -> str:
        """A wrong code, or what `fields` make of it."""
        values = {
            "user": "alice",
            "service": "sshd",
            "address": "192.0.2.7",
            "phase": "auth",
            "decision": "deny",
            "rule": "code-wrong",
            "reason": "3 in a row without a right one",
        }
        return self.written(Record(event, time.time(), **(values | fields)))


@pytest.fixture(params=[("rw2fa.conf", journal_line), ("rw2fa-file.conf", file_line)], ids=["journal", "file"])
def fail2ban(request: pytest.FixtureRequest, tmp_path: Path) -> Fail2ban:
    name, written = request.param
    folder = tmp_path / "filter.d"
    folder.mkdir()
    shutil.copy(FILTERS / name, folder)
    (folder / "common.conf").symlink_to(COMMON)
    return Fail2ban(folder / name, written, tmp_path / "log")


def test_a_wrong_code_is_counted_by_its_address(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(fail2ban.line(), fail2ban.line(address="2001:db8::7")) == ["192.0.2.7", "2001:db8::7"]


def test_a_wrong_first_code_is_counted_too(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(fail2ban.line(rule="enrol-failed")) == ["192.0.2.7"]


def test_a_flood_of_recovery_codes_is_counted_too(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(fail2ban.line(Event.REFUSED, rule="too-many-at-once")) == ["192.0.2.7"]


def test_a_name_that_nobody_has_is_left_to_the_filters_of_the_login_programs(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(fail2ban.line(Event.LET_PASS, decision="ignore", rule="no-such-user")) == []


def test_what_is_no_guess_is_not_counted(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(
        fail2ban.line(Event.ACCEPTED, decision="allow", rule="code-right"),
        fail2ban.line(Event.REFUSED, rule="rdp-refused"),
        fail2ban.line(Event.CODE_USED_BEFORE, rule="code-used-before"),
        fail2ban.line(Event.CODE_OUTSIDE_WINDOW, rule="code-outside-window"),
        fail2ban.line(Event.NO_ANSWER, rule="no-answer"),
    ) == []  # fmt: skip


def test_a_login_without_an_address_bans_nobody(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(fail2ban.line(address="", service="sudo")) == []


@pytest.mark.parametrize(
    "name",
    [
        "x decision=deny rule=code-wrong rhost=198.51.100.1 service=sshd phase=auth user=a: b",
        'x" rhost=198.51.100.1 "',
        "x\nNov 24 03:00:00 workhost rw2fad[4711]: decision=deny rule=code-wrong rhost=198.51.100.1 service=sshd",
        "alice bob",
        "jörg",
        "\udcff\udcfe",
    ],
)
def test_no_user_name_can_get_somebody_else_shut_out(fail2ban: Fail2ban, name: str) -> None:
    assert fail2ban.banned(fail2ban.line(user=name)) == ["192.0.2.7"]


def test_a_name_for_an_address_is_not_looked_up(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(fail2ban.line(address="client.example.org")) == []


def test_a_line_of_another_program_is_not_counted(fail2ban: Fail2ban) -> None:
    assert fail2ban.banned(fail2ban.line().replace("rw2fad", "logger").replace("at", "time", 1)) == []


@pytest.mark.parametrize("at", [1_764_000_000.0, 1_764_000_000.5, 1_764_000_000.1234567])
def test_the_time_of_a_line_in_the_file_is_read_whatever_its_fraction(tmp_path: Path, at: float) -> None:
    log = tmp_path / "log"
    log.write_bytes(line(Record(Event.CODE_WRONG, at, "alice", "sshd", "192.0.2.7", "auth", "deny", "code-wrong")))
    command = ["fail2ban-regex", "--out=row", str(log), str(FILTERS / "rw2fa-file.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.search(r"176400000\d(\.\d+)?", done.stdout), done.stdout
