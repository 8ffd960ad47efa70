"""The folder and the file of the state: durable once made, and of nobody but rw2fa."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.sqlite.place import FILE_NAME, create, identity

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "lib" / "state"


@pytest.fixture(params=[0o000, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_promise_7_the_state_is_readable_by_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    create(tmp_path / "state", None)
    assert mode(tmp_path / "state") == 0o700
    assert mode(tmp_path / "state" / FILE_NAME) == 0o600


@ROOT
def test_what_root_makes_belongs_to_the_daemon(folder: Path) -> None:
    create(folder, (1234, 2345))
    for path in (folder, folder / FILE_NAME):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)
    assert folder.parent.stat().st_uid == 0


@ROOT
def test_others_make_it_for_themselves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    create(folder, (2345, 2345))
    assert folder.stat().st_uid == 0
    assert (folder / FILE_NAME).stat().st_uid == 0


def test_what_is_there_stays_as_it_is(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o750)
    (folder / FILE_NAME).write_bytes(b"state")
    (folder / FILE_NAME).chmod(0o640)
    create(folder, None)
    assert (folder / FILE_NAME).read_bytes() == b"state"
    assert (mode(folder), mode(folder / FILE_NAME)) == (0o750, 0o640)


def test_a_folder_that_is_there_gets_its_file(folder: Path) -> None:
    folder.mkdir(parents=True)
    create(folder, None)
    assert (folder / FILE_NAME).read_bytes() == b""


def test_without_a_file_only_the_folder_is_made(folder: Path) -> None:
    create(folder, None, file=False)
    assert list(folder.iterdir()) == []


def test_promise_1_both_names_are_durable_when_they_were_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    create(folder, None)
    assert synced == [folder.parent.stat().st_ino, folder.stat().st_ino]


def test_nothing_is_left_open(folder: Path) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    create(folder, None)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_link_in_the_place_of_the_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    create(folder, None)
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(StateProblem, match=r"is not a file; put the state itself there"):
        identity(folder / FILE_NAME)


def test_a_place_that_cannot_be_made_is_a_problem_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StateProblem, match=r"cannot be made in .*: File exists; make sure that .* is a folder"):
        create(tmp_path / "file" / "state", None)


def test_another_file_in_its_place_is_told_apart(folder: Path) -> None:
    create(folder, None)
    path = folder / FILE_NAME
    first = identity(path)
    assert first == (path.stat().st_dev, path.stat().st_ino)
    path.rename(folder / "before")
    with pytest.raises(StateProblem, match="there is no state in"):
        identity(path)
    path.write_bytes(b"")
    assert identity(path) != first


def test_a_place_that_cannot_be_looked_at_is_a_problem_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StateProblem, match=r"cannot be opened: Not a directory; run this as root"):
        identity(tmp_path / "file" / "state.db")
