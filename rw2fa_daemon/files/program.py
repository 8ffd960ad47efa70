"""Whether a program named by a setting may be run: only root may be able to change or replace it."""

import os
import stat
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem

_SHARED_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_EXECUTE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def check_program(path: Path) -> None:
    """Raise Problem unless `path` is an executable file owned by root, in folders owned by root, writable only by root.

    In a sticky folder others cannot replace root's files. Symbolic links are refused in every part of the path: their
    targets could change after the check.
    """
    if not path.is_absolute() or ".." in path.parts:
        raise Problem(f"{path} is not an absolute path", "name the program by its absolute path, without ..")
    for place in (path, *path.parents):
        try:
            status = os.lstat(place)
        except OSError as error:
            raise Problem(
                f"{place}: {error.strerror}", "install the program there, or run: rw2fa settings unset enrolment.notify"
            ) from None
        what = stat.S_ISREG if place == path else stat.S_ISDIR
        if not what(status.st_mode):
            kind = "file" if place == path else "folder"
            raise Problem(f"{place} is not a {kind}", "name the program by a path without symbolic links")
        if status.st_uid != 0:
            raise Problem(f"{place} belongs to uid {status.st_uid}, who could change it", f"run: chown root {place}")
        sticky = place != path and status.st_mode & stat.S_ISVTX
        if status.st_mode & _SHARED_WRITE and not sticky:
            raise Problem(
                f"{place} can be written by users other than root (mode {stat.S_IMODE(status.st_mode):04o})",
                f"run: chmod go-w {place}",
            )
    if not os.lstat(path).st_mode & _EXECUTE:
        raise Problem(f"{path} is not executable", f"run: chmod a+x {path}")
