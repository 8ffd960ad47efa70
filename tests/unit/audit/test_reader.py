"""Records read back from the file; from a real journal: tests/integration/audit."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.audit.file_reader import _parse as parse_line
from rw2fa_daemon.audit.journal_reader import _parse as parse_entry
from rw2fa_daemon.audit.line_file import FILE_NAME, PREDECESSOR_NAME, LineFile, line
from rw2fa_daemon.audit.reader import OUT_OF_ORDER_MAX, Reading, read
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.problem import Problem

TEXT = st.text(max_size=20) | st.binary(max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
TIMES = st.floats(min_value=0, max_value=1e11, allow_nan=False)
RECORDS = st.builds(Record, st.sampled_from(Event), TIMES, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT)


def record(at: float, user: str = "alice") -> Record:
    return Record(Event.CODE_WRONG, at, user, "sshd", "192.0.2.1", "auth", "deny", "code-wrong", "wrong")


def reading(state: Path, since: float | None = None, user: str | None = None) -> Reading:
    """From the file alone: the journal is an empty folder."""
    empty = state / "journal"
    empty.mkdir(exist_ok=True)
    return read(state, since, user, journal=[f"--directory={empty}"])


def write(path: Path, *records: Record) -> None:
    path.write_bytes(b"".join(map(line, records)))


@given(RECORDS)
def test_a_record_comes_back_from_its_line_as_it_was(written: Record) -> None:
    assert parse_line(line(written)) == written


def test_what_was_appended_is_read(tmp_path: Path) -> None:
    file = LineFile(tmp_path)
    file.append(record(1.0))
    file.append(record(2.0, "a\nb"))
    file.close()
    assert list(reading(tmp_path)) == [record(1.0), record(2.0, "a\nb")]


def test_nothing_is_read_where_there_is_nothing(tmp_path: Path) -> None:
    assert list(reading(tmp_path)) == []


def test_the_predecessor_is_read_too(tmp_path: Path) -> None:
    write(tmp_path / PREDECESSOR_NAME, record(1.0), record(2.0))
    write(tmp_path / FILE_NAME, record(3.0))
    assert [each.at for each in reading(tmp_path)] == [1.0, 2.0, 3.0]


def test_records_of_two_writers_are_put_in_order(tmp_path: Path) -> None:
    times = [float(number) for number in range(2 * OUT_OF_ORDER_MAX)]
    swapped = times[:]
    swapped[0], swapped[OUT_OF_ORDER_MAX - 1] = swapped[OUT_OF_ORDER_MAX - 1], swapped[0]
    write(tmp_path / FILE_NAME, *map(record, swapped))
    assert [each.at for each in reading(tmp_path)] == times


def test_only_what_was_asked_for_is_given(tmp_path: Path) -> None:
    write(tmp_path / FILE_NAME, record(1.0), record(2.0, "bob"), record(2.5), record(3.0, "bob"), record(4.0, "ali"))
    assert [each.at for each in reading(tmp_path, user="bob")] == [2.0, 3.0]
    assert [each.at for each in reading(tmp_path, since=2.5)] == [2.5, 3.0, 4.0]
    assert [each.at for each in reading(tmp_path, since=2.5, user="bob")] == [3.0]


@pytest.mark.parametrize(
    "bad",
    [
        b"x",
        b"[]",
        b"null",
        b'"at"',
        b"{}",
        b'{"at": 1}',
        b'{"at": "1", "event": "code-wrong"}',
        b'{"at": true, "event": "code-wrong"}',
        b'{"at": NaN, "event": "code-wrong"}',
        b'{"at": Infinity, "event": "code-wrong"}',
        b'{"at": 1, "event": "no-such-event"}',
        b'{"at": 1, "event": ["code-wrong"]}',
        b'{"at": 1, "event": "code-wrong", "user": 5}',
        b'{"at": 1, "event": "code-wrong", "user": null}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"at": 1' + b"0" * 5000 + b', "event": "code-wrong"}',
        b'"' + b"x" * 1_000_000 + b'"',
    ],
)
def test_a_line_that_is_no_record_is_skipped_and_counted(tmp_path: Path, bad: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(line(record(1.0)) + bad + b"\n" + line(record(2.0)))
    found = reading(tmp_path)
    assert [each.at for each in found] == [1.0, 2.0]
    assert found.skipped == 1


def test_half_a_line_at_the_end_is_skipped_and_counted(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(line(record(1.0)) + line(record(2.0))[:-20])
    found = reading(tmp_path)
    assert [each.at for each in found] == [1.0]
    assert found.skipped == 1


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_no_line_makes_a_reader_raise(raw: bytes) -> None:
    parse_line(raw)
    parse_entry(raw, frozenset({0}))


def test_promise_11_a_long_history_does_not_go_through_memory(tmp_path: Path) -> None:
    write(tmp_path / FILE_NAME, *(record(float(number)) for number in range(20_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in reading(tmp_path)) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 << 20


def test_a_file_that_is_none_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", record(1.0))
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    assert list(reading(tmp_path)) == []


def test_a_host_without_journalctl_has_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / FILE_NAME, record(1.0))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(read(tmp_path, None, None)) == [record(1.0)]


def test_a_journal_that_cannot_be_read_is_a_problem_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"the journal cannot be read: .*No such file") as caught:
        list(read(tmp_path, None, None, journal=[f"--directory={tmp_path}/missing"]))
    assert caught.value.fix


ENTRY = {
    "_UID": "0",
    "MESSAGE_ID": Event.CODE_WRONG.message_id,
    "__REALTIME_TIMESTAMP": "1500000",
    "RW2FA_USER": [97, 10, 255],
    "RW2FA_SERVICE": "sshd",
}


def test_an_entry_of_the_journal_becomes_a_record() -> None:
    assert parse_entry(json.dumps(ENTRY).encode(), frozenset({0})) == Record(
        Event.CODE_WRONG, 1.5, user="a\n" + chr(0xDCFF), service="sshd"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"_UID": "1000"},
        {"_UID": ["0", "0"]},
        {"_UID": None},
        {"MESSAGE_ID": "0" * 32},
        {"MESSAGE_ID": [1]},
        {"__REALTIME_TIMESTAMP": "x"},
        {"RW2FA_USER": None},
        {"RW2FA_USER": ["alice", "bob"]},
        {"RW2FA_USER": [256]},
    ],
)
def test_an_entry_that_is_not_ours_or_not_whole_is_no_record(change: dict[str, object]) -> None:
    assert parse_entry(json.dumps({**ENTRY, **change}).encode(), frozenset({0})) is None
