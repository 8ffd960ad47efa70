"""Reading a file that decides who gets in: nobody but root may have written it."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
"""Room for a million names."""
SHARED_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def read(path: Path) -> bytes:
    """The content of a regular file that belongs to root or to whoever runs this.

    Symbolic links are followed; what counts is the file at their end. Raises Problem where the file
    is missing or unreadable, not a file, too long, someone else's, or writable for a group or for all.
    """
    try:
        # O_NONBLOCK: a named pipe in its place must not hold up the start for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise unreadable(path, error) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Problem(f"{path} is not a regular file", "put the configuration file there")
    with os.fdopen(descriptor, "rb") as file:
        _owned(path, status)
        if status.st_size > FILE_BYTES_MAX:
            raise Problem(
                f"{path} is {status.st_size} bytes long",
                f"shorten it to at most {FILE_BYTES_MAX}; name groups instead of users",
            )
        try:
            return file.read(FILE_BYTES_MAX)
        except OSError as error:
            raise unreadable(path, error) from None


def check_folder(path: Path) -> None:
    """Raise Problem unless only root, or whoever runs this, can put files into the folder.

    A sticky folder passes: others cannot replace what is not theirs, and what is theirs `read` refuses.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from None
    if not status.st_mode & stat.S_ISVTX:
        _owned(path, status)


def unreadable(path: Path, error: OSError) -> Problem:
    """The Problem for a file or folder that cannot be opened."""
    match error.errno:
        case errno.ENOENT:
            return Problem(
                f"{path} does not exist",
                "put the configuration file that comes with rw2fa there, or name another with --config",
            )
        case errno.EACCES | errno.EPERM:
            return Problem(f"{path} cannot be read: permission denied", "run this as root")
        case _:
            return Problem(f"{path} cannot be read: {error.strerror}", "mend that")


def _owned(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in {0, os.geteuid()}:
        raise Problem(f"{path} belongs to uid {status.st_uid}, who could change it", f"run: chown root {path}")
    if status.st_mode & SHARED_WRITE:
        raise Problem(
            f"{path} can be written by others than its owner (mode {stat.S_IMODE(status.st_mode):04o})",
            f"run: chmod go-w {path}",
        )
