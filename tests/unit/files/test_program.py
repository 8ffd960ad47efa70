"""A program that a setting names runs only if nobody but root could have written it or put it there."""

import os
from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.files.program import check_program

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
STRANGER = 65534


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    made = folder / "program"
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    return made


def refused(path: Path, why: str) -> None:
    with pytest.raises(Problem, match=why):
        check_program(path)


def test_a_program_of_roots_is_right_also_in_a_sticky_folder(program: Path) -> None:
    check_program(program)
    program.parent.chmod(0o1777)
    check_program(program)


@pytest.mark.parametrize("part", ["program", "folder"])
@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_what_others_can_write_is_refused(program: Path, part: str, mode: int) -> None:
    (program if part == "program" else program.parent).chmod(mode)
    refused(program, "can be written by users other than root")


@pytest.mark.parametrize("part", ["program", "folder"])
def test_what_belongs_to_others_is_refused(program: Path, part: str) -> None:
    os.chown(program if part == "program" else program.parent, STRANGER, -1)
    refused(program, f"belongs to uid {STRANGER}")


def test_a_link_is_refused_in_every_part(program: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(program)
    refused(tmp_path / "link", "is not a file")
    (tmp_path / "folder-link").symlink_to(program.parent)
    refused(tmp_path / "folder-link" / "program", "is not a folder")
    refused(program.parent / ".." / "folder" / "program", "not an absolute path")


def test_what_is_no_program_is_refused(program: Path) -> None:
    refused(Path("program"), "not an absolute path")
    refused(program.parent, "is not a file")
    refused(program.with_name("none"), "No such file")
    program.chmod(0o644)
    refused(program, "is not executable")
