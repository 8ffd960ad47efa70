"""The session that a login has become: what is taken down of it, and that the program is answered in any case."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rw2fa_daemon.config.load import load
from rw2fa_daemon.config.rules import Rules, make_rules
from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.core.transitions import Transition
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.session import begin_session
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.login import read_session
from rw2fa_daemon.wire.message import Message, ProtocolError
from tests.support.daemon import Site
from tests.support.expected_calls import ANY, Call, ExpectedCalls
from tests.unit.service.logins import ALICE, LOGIN, NOW, services

PID = 4_711
UPTIME = 60.0
MESSAGE = Message(
    "session",
    {"v": "1", "user": "ALICE", "session": "7", "boot": "7d9b0a43-1c2d-4e5f-8a9b-0c1d2e3f4a5b", "namespaces": "1-2"},
)
SESSION = read_session(MESSAGE).session
USER = User("alice", 1000, frozenset({1000}))
END = b"end\0rc=IGNORE\0rule=session"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)
    monkeypatch.setattr("time.clock_gettime", lambda _clock: UPTIME)


def rules(folder: Path, *, enabled: bool = True) -> Rules:
    site = Site(folder)
    site.write_config(scope=["alice"], enabled=enabled)
    return make_rules(load(site.config))


def begun(calls: ExpectedCalls, folder: Path) -> Call:
    """A session has begun; the look-up to answer."""
    look = calls.expect("directory.lookup", "ALICE", (), ANY)
    begin_session(services(calls, rules(folder)), connection(calls), MESSAGE)
    return look


def connection(calls: ExpectedCalls) -> Any:
    return calls.double("connection", pid=PID)


def waiting(*, pid: int = PID, at: float = NOW) -> Counters:
    """Those of somebody whose code was accepted in process `pid`, which opens a session."""
    login = replace(LOGIN, boot=SESSION.partition(":")[0], pid=pid)
    return Counters(failures=2, sessions=sessions.remember("", login, at, opens=True))


def job_of(calls: ExpectedCalls, folder: Path) -> Call:
    """The job that is handed in once the user was found."""
    look = begun(calls, folder)
    job = calls.expect("batcher.submit", "alice", ANY, ANY)
    look.callback()(USER)
    return job


def test_where_it_is_switched_off_nobody_is_looked_up(calls: ExpectedCalls, tmp_path: Path) -> None:
    calls.expect("connection.say_last", END)
    begin_session(services(calls, rules(tmp_path, enabled=False)), connection(calls), MESSAGE)


@pytest.mark.parametrize("missing", list(Missing))
def test_for_whom_nobody_finds_nothing_is_taken_down(calls: ExpectedCalls, tmp_path: Path, missing: Missing) -> None:
    look = begun(calls, tmp_path)
    calls.expect("connection.say_last", END)
    look.callback()(missing)


def test_the_code_of_this_process_counts_in_the_session_and_nothing_else_changes(
    calls: ExpectedCalls, tmp_path: Path
) -> None:
    before = replace(ALICE, counters=waiting(at=NOW - 5))
    noted: Transition = job_of(calls, tmp_path).callback(1)(before)
    assert noted.account is not None
    assert sessions.accepted_at(noted.account.counters.sessions, SESSION) == int(NOW) - 5
    assert replace(noted.account, counters=replace(noted.account.counters, sessions=before.counters.sessions)) == before


@pytest.mark.parametrize(
    "counters", [waiting(pid=PID + 1), waiting(at=NOW - UPTIME - 1), waiting(at=NOW - 10_000), Counters()]
)
def test_promise_4_no_other_process_and_no_older_boot_counts(
    calls: ExpectedCalls, tmp_path: Path, counters: Counters
) -> None:
    before = replace(ALICE, counters=counters)
    assert job_of(calls, tmp_path).callback(1)(before).account == before


def test_promise_13_an_account_of_another_uid_is_left_alone(calls: ExpectedCalls, tmp_path: Path) -> None:
    before = replace(ALICE, uid=1001, counters=waiting())
    assert job_of(calls, tmp_path).callback(1)(before).account == before


def test_no_account_is_made(calls: ExpectedCalls, tmp_path: Path) -> None:
    assert job_of(calls, tmp_path).callback(1)(None).account is None


@pytest.mark.parametrize("outcome", [None, StateProblem("the disk is full", "make room")])
def test_the_program_is_answered_once_it_is_written_or_could_not_be(
    calls: ExpectedCalls, tmp_path: Path, outcome: StateProblem | None
) -> None:
    job = job_of(calls, tmp_path)
    said = calls.expect("connection.say_last", END)
    assert not said.came
    job.callback()(outcome or job.callback(1)(ALICE))


def test_what_is_no_message_of_a_session_asks_nobody(calls: ExpectedCalls, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError):
        begin_session(services(calls, rules(tmp_path)), connection(calls), Message("session", {"v": "1"}))
