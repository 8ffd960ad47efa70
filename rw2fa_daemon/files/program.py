"""Whether a program may be run that a setting names: nobody but root may have written it, nor put it there."""

import os
import stat
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem

_SHARED_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_EXECUTE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def check_program(path: Path) -> None:
    """Problem unless `path` is an executable file of root's in folders of root's, for nobody else to write.

    In a sticky folder others cannot replace what is root's. Symbolic links are refused, in every part: what they lead
    to could change after the look.
    """
    if not path.is_absolute() or ".." in path.parts:
        raise Problem(f"{path} is no absolute path", "name the program by its whole path")
    for place in (path, *path.parents):
        try:
            status = os.lstat(place)
        except OSError as error:
            raise Problem(f"{place}: {error.strerror}", "put the program there, or empty the setting") from None
        what = stat.S_ISREG if place == path else stat.S_ISDIR
        if not what(status.st_mode):
            kind = "file" if place == path else "folder"
            raise Problem(f"{place} is not a {kind}", "name the program by a path without symbolic links")
        if status.st_uid != 0:
            raise Problem(f"{place} belongs to uid {status.st_uid}, who could change it", f"run: chown root {place}")
        sticky = place != path and status.st_mode & stat.S_ISVTX
        if status.st_mode & _SHARED_WRITE and not sticky:
            raise Problem(
                f"{place} can be written by others than root (mode {stat.S_IMODE(status.st_mode):04o})",
                f"run: chmod go-w {place}",
            )
    if not os.lstat(path).st_mode & _EXECUTE:
        raise Problem(f"{path} is not executable", f"run: chmod a+x {path}")
