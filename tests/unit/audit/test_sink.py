"""Where records go while journald comes and goes, and the disk is full."""

import json
import os
import time
from pathlib import Path

import pytest

from rw2fa_daemon.audit import journal_socket, line_file
from rw2fa_daemon.audit.sink import Sink
from rw2fa_daemon.core.audit import Event, Record
from tests.support.journal import JournalStandIn


def record(user: str) -> Record:
    return Record(Event.CODE_WRONG, 1.5, user, "sshd", "192.0.2.1", "auth", "deny", "code-wrong", "wrong")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.sock"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_socket, "RECONNECT_SECONDS", 0.0)


def users_in_file(state: Path) -> list[str]:
    path = state / line_file.FILE_NAME
    return [json.loads(line)["user"] for line in path.read_text().splitlines()] if path.exists() else []


def users(journal: JournalStandIn) -> list[str]:
    return [entry["RW2FA_USER"] for entry in journal.entries()]


def test_a_record_goes_to_the_journal_and_to_no_file(journal: Path, state: Path) -> None:
    sink = Sink(state, journal)
    with JournalStandIn(journal) as journald:
        sink.write(record("alice"))
        (entry,) = journald.entries()
    assert entry["RW2FA_USER"] == "alice"
    assert list(state.iterdir()) == []
    sink.close()


def test_without_a_journal_a_record_goes_to_the_file(journal: Path, state: Path) -> None:
    sink = Sink(state, journal)
    sink.write(record("alice"))
    assert users_in_file(state) == ["alice"]
    assert sink.lost == 0
    sink.close()


def test_a_journal_that_starts_later_is_found(journal: Path, state: Path) -> None:
    sink = Sink(state, journal)
    sink.write(record("before"))
    with JournalStandIn(journal) as journald:
        sink.write(record("after"))
        assert users(journald) == ["after"]
    assert users_in_file(state) == ["before"]
    sink.close()


def test_nothing_is_lost_when_journald_is_restarted(journal: Path, state: Path) -> None:
    sink = Sink(state, journal)
    with JournalStandIn(journal) as journald:
        sink.write(record("first"))
        assert users(journald) == ["first"]
    sink.write(record("in between"))
    with JournalStandIn(journal) as journald:
        sink.write(record("second"))
        assert users(journald) == ["second"]
    with JournalStandIn(journal) as journald:  # at once, so that the sink's socket is one that nobody listens to
        sink.write(record("third"))
        assert users(journald) == ["third"]
    assert users_in_file(state) == ["in between"]
    assert sink.lost == 0
    sink.close()


def test_a_journal_that_does_not_keep_up_delays_nobody_and_loses_nothing(journal: Path, state: Path) -> None:
    sink = Sink(state, journal)
    written = [f"user{number}" for number in range(3000)]
    with JournalStandIn(journal) as journald:
        started = time.monotonic()
        for user in written:
            sink.write(record(user))
        assert time.monotonic() - started < 5
        in_journal = users(journald)
        assert in_journal
        assert in_journal + users_in_file(state) == written
    assert sink.lost == 0
    sink.close()


def test_what_neither_takes_is_counted_and_reported_when_one_is_back(journal: Path, state: Path) -> None:
    sink = Sink(state / "missing", journal)
    for number in range(3):
        sink.write(record(f"user{number}"))
    assert sink.lost == 3
    with JournalStandIn(journal) as journald:
        sink.write(record("alice"))
        sink.write(record("bob"))
        alice, report, bob = journald.entries()
    assert (alice["RW2FA_USER"], bob["RW2FA_USER"]) == ("alice", "bob")
    assert report["MESSAGE_ID"] == Event.RECORDS_LOST.message_id
    assert report["RW2FA_REASON"].startswith("3 audit records ")
    assert sink.lost == 3
    sink.close()


def test_a_full_disk_raises_nothing_and_is_counted(journal: Path) -> None:
    sink = Sink(Path("/dev"), journal)
    sink._file._path = "/dev/full"
    sink.write(record("alice"))
    assert sink.lost == 1
    sink.close()


def test_what_an_oversized_record_cannot_do_is_stop_the_next(
    journal: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rw2fa_daemon.audit.sink.entry", lambda record: b"x" * (1 << 25))
    sink = Sink(state, journal)
    with JournalStandIn(journal) as journald:
        sink.write(record("large"))
        monkeypatch.undo()
        sink.write(record("next"))
        assert users(journald) == ["next"]
    assert users_in_file(state) == ["large"]
    sink.close()


def test_a_record_costs_microseconds(journal: Path, state: Path) -> None:
    """15 µs are wanted, several times that allowed on a machine that does other things too."""
    sink = Sink(state, journal)

    def best_of(count: int, after: object) -> float:
        return min(_timed(sink, after) for _ in range(count))

    without = best_of(300, None)
    with JournalStandIn(journal) as journald:
        with_journal = best_of(300, journald)
    sink.close()
    assert without < 60e-6
    assert with_journal < 60e-6


def _timed(sink: Sink, journald: object) -> float:
    started = time.perf_counter()
    sink.write(record("alice"))
    seconds = time.perf_counter() - started
    if isinstance(journald, JournalStandIn):
        journald._socket.recv(1 << 16)
    return seconds


def test_no_descriptor_is_left_behind(journal: Path, state: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- only the number counts
    sink = Sink(state, journal)
    for _ in range(3):
        sink.write(record("file"))
        with JournalStandIn(journal):
            sink.write(record("journal"))
    sink.close()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 -- as above
