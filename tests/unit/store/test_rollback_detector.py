"""Promise 7: a state that is older than it was is noticed, and no code from before counts."""

import os
import shutil
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.store.rollback_detector import (
    RollbackDetector,
    forget_marker,
    make_place,
    marker_file,
    read_outside,
    write_outside,
)
from rw2fa_daemon.store.rollback_marker import RollbackMarker
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import ONLY_SQLITE, Raw, ScopeResult
from tests.unit.store.samples import ALICE, NEW, put, spend

NOW = 1_764_000_015


class Watched:
    """A state with a guard, as the daemon has it; it can be opened again and again."""

    def __init__(self, place: ScopeResult, vault: Vault) -> None:
        self.place = place
        self.folder = place.folder
        self.vault = vault
        self.told: list[str] = []
        self.detector = RollbackDetector(marker_file(self.folder), self.told.append, lambda: NOW)

    def open(self) -> Store:
        return self.place.open(self.vault, detector=self.detector)

    def restart(self) -> None:
        self.detector = RollbackDetector(marker_file(self.folder), self.told.append, lambda: NOW)

    @property
    def outside(self) -> RollbackMarker | None:
        return read_outside(marker_file(self.folder))


@pytest.fixture
def watched(place: ScopeResult, vault: Vault, store: Store) -> Watched:
    store.transact("alice", put(ALICE))
    store.close()
    return Watched(place, vault)


@pytest.fixture
def copy(watched: Watched, tmp_path: Path) -> Path:
    """A copy of the state, of before somebody logged in."""
    with closing(watched.open()) as store:
        store.transact("new", put(NEW))
        store.keep_marker()
    return Path(shutil.copytree(watched.folder, tmp_path / "copy"))


def put_back(watched: Watched, copy: Path) -> None:
    shutil.rmtree(watched.folder)
    shutil.copytree(copy, watched.folder)


def accept(store: Store, step: int) -> None:
    assert store.transact("alice", spend(step))
    store.keep_marker()


def test_a_first_start_writes_a_mark_and_raises_no_alarm(watched: Watched) -> None:
    assert not marker_file(watched.folder).exists()
    watched.open().close()
    assert watched.outside is not None
    assert watched.told == []
    assert stat.S_IMODE(marker_file(watched.folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(marker_file(watched.folder).parent.stat().st_mode) == 0o700


def test_the_marks_move_on_when_something_was_stored_and_only_then(watched: Watched) -> None:
    with closing(watched.open()) as store:
        first = watched.outside
        store.keep_marker()
        assert watched.outside == first
        accept(store, 59_000_000)
        assert first is not None
        assert watched.outside == first._replace(steps=first.steps + 1)
        store.keep_marker()
        assert watched.outside == first._replace(steps=first.steps + 1)
    watched.restart()
    watched.open().close()
    assert watched.told == []


@ONLY_SQLITE
def test_promise_7_an_old_copy_of_the_state_put_back_by_hand_is_noticed_at_the_next_start(
    watched: Watched, copy: Path
) -> None:
    with closing(watched.open()) as store:
        accept(store, NOW // 30)
    put_back(watched, copy)
    watched.restart()
    with closing(watched.open()) as store:
        assert len(watched.told) == 1
        assert "the state is older than it was" in watched.told[0]
        assert store.floor() == NOW
        account = store.read("alice")
        assert account is not None
        assert account.counters.floor > NOW // 30
    watched.restart()
    watched.open().close()
    assert len(watched.told) == 1, "once"


@ONLY_SQLITE
def test_promise_7_an_old_copy_put_back_under_a_running_daemon_is_noticed(watched: Watched, copy: Path) -> None:
    with closing(watched.open()) as store:
        accept(store, NOW // 30)
        put_back(watched, copy)
        with pytest.raises(StateProblem, match="replaced by an older one just now"):
            store.transact("alice", spend(NOW // 30))
        assert len(watched.told) == 1
        account = store.read("alice")
        assert account is not None
        assert account.counters.floor > NOW // 30


@ONLY_SQLITE
def test_promise_7_what_was_accepted_since_the_last_mark_is_not_forgotten_by_a_running_daemon(
    watched: Watched, copy: Path
) -> None:
    with closing(watched.open()) as store:
        assert store.transact("alice", spend(NOW // 30))
        put_back(watched, copy)
        with pytest.raises(StateProblem, match="replaced by an older one"):
            store.read("alice")
    assert len(watched.told) == 1


def test_who_stops_between_the_two_marks_raises_no_false_alarm(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(watched.open()) as store:
        before = watched.outside
        with monkeypatch.context() as crash:
            crash.setattr("rw2fa_daemon.store.rollback_detector.write_outside", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                accept(store, 59_000_000)
        assert watched.outside == before
    watched.restart()
    with closing(watched.open()) as store:
        accept(store, 59_000_001)
    assert watched.told == []
    assert before is not None
    assert watched.outside == before._replace(steps=before.steps + 2)


@pytest.mark.parametrize("content", [None, b"", b"?", b"\xff", b"00 x\n"])
def test_promise_7_a_mark_that_is_gone_beside_a_state_that_had_one_is_an_alarm(
    watched: Watched, content: bytes | None
) -> None:
    with closing(watched.open()) as store:
        accept(store, 59_000_000)
    if content is None:
        marker_file(watched.folder).unlink()
    else:
        marker_file(watched.folder).write_bytes(content)
    watched.restart()
    with closing(watched.open()) as store:
        assert "the mark of the state is not in" in watched.told[0]
        assert store.floor() == NOW
    watched.restart()
    watched.open().close()
    assert len(watched.told) == 1, "once"


def test_promise_7_a_state_that_nobody_used_yet_has_a_mark_to_miss_from_its_first_start(watched: Watched) -> None:
    watched.open().close()
    marker_file(watched.folder).unlink()
    watched.restart()
    watched.open().close()
    assert len(watched.told) == 1


def test_a_mark_that_is_taken_away_beside_a_running_daemon_is_put_back(watched: Watched) -> None:
    with closing(watched.open()) as store:
        accept(store, 59_000_000)
        was = watched.outside
        marker_file(watched.folder).unlink()
        store.keep_marker()
        assert watched.outside == was
        marker_file(watched.folder).unlink()
        accept(store, 59_000_001)
    watched.restart()
    watched.open().close()
    assert watched.told == []


@ONLY_SQLITE
def test_promise_7_an_old_copy_put_back_without_its_mark_is_noticed_by_a_daemon_that_runs(
    watched: Watched, copy: Path
) -> None:
    with closing(watched.open()) as store:
        accept(store, NOW // 30)
        marker_file(watched.folder).unlink()
        put_back(watched, copy)
        with pytest.raises(StateProblem, match="replaced by an older one just now"):
            store.read("alice")
    assert len(watched.told) == 1


def test_who_stops_while_the_first_mark_is_made_raises_no_false_alarm(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crash:
        crash.setattr("rw2fa_daemon.store.rollback_marker.write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watched.open()
    watched.restart()
    watched.open().close()
    watched.restart()
    watched.open().close()
    assert watched.told == []


@pytest.mark.parametrize("value", [None, b"", b"x" * 58])
def test_promise_7_a_mark_in_the_state_that_was_altered_is_an_alarm(watched: Watched, raw: Raw, value: object) -> None:
    watched.open().close()
    if value is None:
        raw.execute("DELETE FROM meta WHERE key = 'mark'")
    else:
        raw.execute("UPDATE meta SET value = ? WHERE key = 'mark'", (value,))
    watched.restart()
    watched.open().close()
    assert len(watched.told) == 1


@ONLY_SQLITE
def test_promise_7_another_state_under_the_same_key_is_an_alarm(watched: Watched, tmp_path: Path, vault: Vault) -> None:
    with closing(watched.open()) as store:
        accept(store, 59_000_000)
    Store.open(tmp_path / "other", vault, create=True).close()
    put_back(watched, tmp_path / "other")
    watched.restart()
    watched.open().close()
    assert len(watched.told) == 1
    watched.restart()
    watched.open().close()
    assert len(watched.told) == 1


def test_promise_7_a_database_that_lost_commits_while_it_was_open_is_noticed(watched: Watched, raw: Raw) -> None:
    with closing(watched.open()) as store:
        old = (bytes(raw.execute("SELECT value FROM meta WHERE key = 'mark'").fetchone()[0]),)
        accept(store, 59_000_000)
        raw.execute("UPDATE meta SET value = ? WHERE key = 'mark'", old)
        store.transact("new", put(replace(NEW, uid=9)))
        store.keep_marker()
        assert len(watched.told) == 1
        assert store.floor() == NOW


def test_a_place_that_cannot_be_written_is_a_problem_and_no_reason_not_to_judge(watched: Watched) -> None:
    marker_file(watched.folder).parent.write_text("in the way")
    with closing(watched.open()) as store:
        assert "cannot be written" in watched.detector.problem
        accept(store, 59_000_000)
        marker_file(watched.folder).parent.unlink()
        accept(store, 59_000_001)
        assert watched.detector.problem == ""
    assert watched.told == []


def test_where_no_mark_can_be_kept_each_start_is_told_and_judges(watched: Watched) -> None:
    marker_file(watched.folder).parent.write_text("in the way")
    with closing(watched.open()) as store:
        accept(store, NOW // 30 - 1)
    watched.restart()
    with closing(watched.open()) as store:
        assert len(watched.told) == 1
        assert "cannot be written" in watched.detector.problem
        accept(store, NOW // 30 + 3)


def test_nothing_is_written_through_a_link(watched: Watched, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    file = marker_file(watched.folder)
    file.parent.mkdir()
    file.symlink_to(elsewhere)
    write_outside(file, RollbackMarker(b"s" * 16, 7))
    assert elsewhere.read_text() == "precious"
    assert read_outside(file) == RollbackMarker(b"s" * 16, 7)


@ONLY_SQLITE
def test_a_state_replaced_by_a_copy_that_misses_nothing_is_used_on(watched: Watched, tmp_path: Path) -> None:
    with closing(watched.open()) as store:
        accept(store, NOW // 30)
        put_back(watched, Path(shutil.copytree(watched.folder, tmp_path / "now")))
        account = store.read("alice")
        assert account is not None
        assert account.counters.last == NOW // 30
    assert watched.told == []


def test_a_first_mark_that_is_taken_away_is_put_back_by_who_began_it(watched: Watched) -> None:
    with closing(watched.open()) as store:
        first = watched.outside
        marker_file(watched.folder).unlink()
        store.keep_marker()
        assert watched.outside == first
    assert watched.told == []


def test_a_mark_that_cannot_be_written_leaves_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "state-mark" / "mark"
    file.mkdir(parents=True)
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(IsADirectoryError):
        write_outside(file, RollbackMarker(b"s" * 16, 7))
    assert list(file.parent.iterdir()) == [file]
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_promise_7_a_mark_is_durable_when_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: written.append(Path(f"/proc/self/fd/{descriptor}").read_bytes())
    )
    file = tmp_path / "state-mark" / "mark"
    write_outside(file, RollbackMarker(b"s" * 16, 7))
    assert written == [file.read_bytes()]
    assert read_outside(file) == RollbackMarker(b"s" * 16, 7)


@pytest.mark.parametrize("content", ["", "00", "00 1 2", "xyz 1", "00 one"])
def test_a_file_that_holds_no_mark_counts_as_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "mark"
    file.write_text(content)
    assert read_outside(file) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_daemon(tmp_path: Path) -> None:
    state = tmp_path / "state"
    make_place(state, (1234, 2345))
    file = marker_file(state)
    write_outside(file, RollbackMarker(b"s" * 16, 7))
    for path in (file.parent, file):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)
    make_place(state, (0, 0))
    assert file.parent.stat().st_uid == 1234, "a folder that is there stays as it is"


def test_the_mark_of_a_state_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    state = tmp_path / "state"
    forget_marker(state)
    write_outside(marker_file(state), RollbackMarker(b"s" * 16, 7))
    forget_marker(state)
    assert read_outside(marker_file(state)) is None


def test_a_place_for_the_mark_that_cannot_be_made_is_a_problem_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StateProblem, match=r"cannot be kept in .*/file/state-mark: Not a directory; make sure"):
        make_place(tmp_path / "file" / "state", None)
