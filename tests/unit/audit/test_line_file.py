"""The file of records: bounded, private, shared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rw2fa_daemon.audit import line_file
from rw2fa_daemon.audit.line_file import FILE_NAME, PREDECESSOR_NAME, LineFile
from rw2fa_daemon.core.audit import Event, Record


def record(user: str) -> Record:
    return Record(Event.CODE_WRONG, 1.5, user, "sshd", "192.0.2.1", "auth", "deny", "code-wrong", "wrong")


def users(path: Path) -> list[str]:
    return [json.loads(line)["user"] for line in path.read_bytes().splitlines()]


def test_a_line_holds_the_record_and_leaves_out_what_is_empty() -> None:
    assert json.loads(line_file.line(Record(Event.ADMINISTRATION, 2.25, decision="done", reason="a\nb"))) == {
        "at": 2.25,
        "event": "administration",
        "decision": "done",
        "reason": "a\nb",
    }


@pytest.mark.parametrize("user", ["a\nb", "\x00\x1b", chr(0xDCFF), chr(0xD800), "\u2028", '"'])
def test_a_line_is_one_line_of_ascii_whatever_is_in_it(user: str) -> None:
    line = line_file.line(record(user))
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert json.loads(line)["user"] == user


def test_promise_11_a_line_has_a_bound() -> None:
    assert len(line_file.line(Record(Event.REFUSED, 1.0, *["\0" * 1_000_000] * 7))) < 100_000


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = LineFile(tmp_path)
    assert file.append(record("alice"))
    assert (tmp_path / FILE_NAME).stat().st_mode == 0o100600
    file.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write files for others")
def test_a_file_that_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 4711, 4712)
    file = LineFile(tmp_path)
    assert file.append(record("alice"))
    status = (tmp_path / FILE_NAME).stat()
    assert (status.st_uid, status.st_gid, status.st_mode) == (4711, 4712, 0o100600)
    file.close()


@pytest.mark.parametrize("kind", ["symlink", "fifo", "folder"])
def test_root_is_not_led_astray_by_whoever_owns_the_folder(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("")
    if kind == "symlink":
        (tmp_path / FILE_NAME).symlink_to(victim)
    elif kind == "fifo":
        os.mkfifo(tmp_path / FILE_NAME)
    else:
        (tmp_path / FILE_NAME).mkdir()
    assert not LineFile(tmp_path).append(record("alice"))
    assert victim.read_text() == ""


def test_promise_11_the_file_is_bounded_and_has_one_predecessor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_file, "FILE_BYTES_MAX", 2000)
    file = LineFile(tmp_path)
    for number in range(100):
        assert file.append(record(f"user{number}"))
    file.close()
    assert {path.name for path in tmp_path.iterdir()} == {FILE_NAME, PREDECESSOR_NAME}
    assert all(path.stat().st_size <= 2000 for path in tmp_path.iterdir())
    kept = users(tmp_path / PREDECESSOR_NAME) + users(tmp_path / FILE_NAME)
    assert kept == [f"user{number}" for number in range(100 - len(kept), 100)]
    assert len(kept) > 10


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user to be")
def test_promise_11_a_file_that_cannot_be_renamed_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_file, "FILE_BYTES_MAX", 2000)
    (tmp_path / PREDECESSOR_NAME).mkdir()  # rename(2) fails on it
    file = LineFile(tmp_path)
    kept = [file.append(record(f"user{number}")) for number in range(30)]
    file.close()
    assert kept == sorted(kept, reverse=True)
    assert not kept[-1]
    assert (tmp_path / FILE_NAME).stat().st_size <= 2000


def test_a_file_that_another_process_renamed_or_removed_is_left(tmp_path: Path) -> None:
    file = LineFile(tmp_path)
    file.append(record("first"))
    (tmp_path / FILE_NAME).rename(tmp_path / "elsewhere")
    file.append(record("second"))
    assert users(tmp_path / FILE_NAME) == ["second"]
    (tmp_path / FILE_NAME).unlink()
    file.append(record("third"))
    assert users(tmp_path / FILE_NAME) == ["third"]
    file.close()


def test_a_line_after_one_that_was_cut_short_stands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LineFile(tmp_path)
    whole_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole_write(descriptor, data[:10]))
    assert not file.append(record("torn"))
    monkeypatch.undo()
    assert file.append(record("whole"))
    file.close()
    assert json.loads((tmp_path / FILE_NAME).read_bytes().splitlines()[-1])["user"] == "whole"


_WRITER = """
import sys
from pathlib import Path
from rw2fa_daemon.audit import line_file
from rw2fa_daemon.core.audit import Event, Record
line_file.FILE_BYTES_MAX = 100_000
file = line_file.LineFile(Path(sys.argv[1]))
for number in range(1500):
    assert file.append(Record(Event.CODE_WRONG, float(number), user=f"{sys.argv[2]}-{number}"))
"""


def test_two_processes_write_and_rename_without_a_torn_or_lost_line(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", _WRITER, tmp_path, name]) for name in ("one", "two")]
    assert [writer.wait() for writer in writers] == [0, 0]
    kept = users(tmp_path / PREDECESSOR_NAME) + users(tmp_path / FILE_NAME)
    for name in ("one", "two"):
        numbers = [int(user.partition("-")[2]) for user in kept if user.startswith(name)]
        assert numbers == sorted(numbers)
    assert len(set(kept)) == len(kept) > 1000
