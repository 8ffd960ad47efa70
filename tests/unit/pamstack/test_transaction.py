"""Files changed together: whole, with mode and owner, and all back where one fails."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.transaction import Transaction, replace


class Broken(Exception):
    pass


def test_mode_and_extended_attributes_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "sshd"
    file.write_text("old")
    file.chmod(0o640)
    os.setxattr(file, "user.note", b"mine")
    replace(file, b"new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.getxattr(file, "user.note") == b"mine"


def test_a_new_file_can_be_read_by_all_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        replace(tmp_path / "new", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o644


def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    replace(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_nothing_is_left_of_a_replacement_that_failed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        replace(tmp_path / "folder", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_exception_puts_everything_back(tmp_path: Path) -> None:
    kept, made, gone = (tmp_path / name for name in ("kept", "made", "gone"))
    for file in (kept, gone):
        file.write_text("before")
    with pytest.raises(Broken), Transaction() as files:  # noqa: PT012 - the block is what is tested
        assert files.write(kept, b"after")
        assert files.write(kept, b"later")
        assert files.write(made, b"after")
        assert files.delete(gone)
        raise Broken
    assert [file.read_text() for file in (kept, gone)] == ["before"] * 2
    assert not made.exists()


def test_what_is_so_already_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("same")
    with Transaction() as files:
        assert not files.write(file, b"same")
        assert not files.delete(tmp_path / "absent")


def test_a_file_that_cannot_be_put_back_is_named(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file"
    file.parent.mkdir()
    file.write_text("before")
    with pytest.raises(Problem) as caught, Transaction() as files:  # noqa: PT012 - the block is what is tested
        files.write(file, b"after")
        file.unlink()
        file.mkdir()
        raise Broken("no")
    assert str(file) in caught.value.what
    assert "before you log out" in caught.value.fix
