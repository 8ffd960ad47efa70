"""The shipped fail2ban filter, by fail2ban's own fail2ban-regex, on lines that the audit writes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rw2fa_daemon.audit.message import message
from rw2fa_daemon.core.audit import Event, Record

FILTER = Path(__file__).resolve().parents[3] / "etc/fail2ban/filter.d/rw2fa.conf"
COMMON = Path("/etc/fail2ban/filter.d/common.conf")
PREFIX = "Nov 24 03:00:00 workhost rw2fad[4711]: "

Banned = Callable[..., list[str]]


@pytest.fixture
def banned(tmp_path: Path) -> Banned:
    """The addresses that fail2ban would count for lines of a log."""
    folder = tmp_path / "filter.d"
    folder.mkdir()
    shutil.copy(FILTER, folder)
    (folder / "common.conf").symlink_to(COMMON)

    def run(*lines: str) -> list[str]:
        log = tmp_path / "log"
        log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", errors="surrogateescape")
        command = ["fail2ban-regex", "--encoding=utf-8", "--out=ip", str(log), str(folder / FILTER.name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.stderr, done.stderr
        return done.stdout.split()

    return run


def record(event: Event = Event.CODE_WRONG, **fields: str) -> str:
    values = {
        "user": "alice",
        "service": "sshd",
        "address": "192.0.2.7",
        "phase": "auth",
        "decision": "deny",
        "rule": "code-wrong",
        "reason": "3 in a row without a right one",
    }
    return PREFIX + message(Record(event, 1.0, **(values | fields)))


def test_a_wrong_code_is_counted_by_its_address(banned: Banned) -> None:
    assert banned(record(), record(address="2001:db8::7")) == ["192.0.2.7", "2001:db8::7"]


def test_a_wrong_first_code_is_counted_too(banned: Banned) -> None:
    assert banned(record(rule="enrol-failed")) == ["192.0.2.7"]


def test_what_is_no_guess_is_not_counted(banned: Banned) -> None:
    assert banned(
        record(Event.ACCEPTED, decision="allow", rule="code-right"),
        record(Event.REFUSED, rule="rdp-refused"),
        record(Event.CODE_USED_BEFORE, rule="code-used-before"),
        record(Event.CODE_OUTSIDE_WINDOW, rule="code-outside-window"),
        record(Event.NO_ANSWER, rule="no-answer"),
    ) == []  # fmt: skip


def test_a_login_without_an_address_bans_nobody(banned: Banned) -> None:
    assert banned(record(address="", service="sudo")) == []


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
def test_no_user_name_can_get_somebody_else_shut_out(banned: Banned, name: str) -> None:
    assert banned(record(user=name)) == ["192.0.2.7"]


def test_a_name_for_an_address_is_not_looked_up(banned: Banned) -> None:
    assert banned(record(address="client.example.org")) == []


def test_a_line_of_another_program_is_not_counted(banned: Banned) -> None:
    assert banned(record().replace("rw2fad", "logger")) == []
