"""Replacing a file as a whole."""

import os
import stat
from pathlib import Path

import pytest

from rw2fa_daemon.files.replace import replace


def test_the_new_file_has_the_mode_and_nothing_else_is_left(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")
    replace(file, b"new", 0o644)
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    replace(link, b"new", 0o600)
    assert target.read_text() == "old"
    assert not link.is_symlink()


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    file, victim = tmp_path / "file", tmp_path / "victim"
    victim.write_text("old")
    (tmp_path / f".file.{os.getpid()}").symlink_to(victim)
    replace(file, b"new", 0o600)
    assert victim.read_text() == "old"
    assert not file.is_symlink()


def test_what_cannot_be_put_in_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace(tmp_path / "file", b"new", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_roots_file_gets_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    replace(tmp_path / "file", b"new", 0o600)
    assert (tmp_path / "file").stat().st_uid == 65534
