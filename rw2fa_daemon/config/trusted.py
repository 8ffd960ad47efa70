"""Reading a file that decides who gets in: only root may be able to write it."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
"""Room for a million names."""
LINKS_MAX: Final = 40
"""Symbolic links in one path, as in the kernel (path_resolution(7))."""
SHARED_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def read(path: Path) -> bytes:
    """The content of a regular file that belongs to root or to the user who runs this.

    Symbolic links are followed, see `check_way`. Raises Problem if the file is missing, unreadable, not a file, too
    long, owned by another user, writable by its group or by all, or if others could replace it.
    """
    # A path that passes cannot be replaced by others, so it is still the same when it is opened.
    check_way(path)
    try:
        # O_NONBLOCK: a named pipe in its place must not block the start for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise unreadable(path, error) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Problem(f"{path} is not a regular file", "replace it by the configuration file")
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
    """Raise Problem unless only root, or the user who runs this, can put files into the folder, or replace it."""
    folder = check_way(path)
    try:
        _owned(folder, folder.stat())
    except OSError as error:
        raise unreadable(path, error) from None


def check_way(path: Path) -> Path:
    """The path with all links resolved, including the last one.

    Raises Problem if users other than root and the one who runs this can replace one of its parts,
    or a part of the target of a link on the path.
    """
    place, links = Path("/"), 0
    ahead = _parts(Path.cwd() / path)
    while ahead:
        name = ahead.pop()
        if name == os.pardir:
            place = place.parent
            continue
        entry = place / name
        try:
            status = entry.lstat()
            _check_keeps(place, status)
            if not stat.S_ISLNK(status.st_mode):
                place = entry
                continue
            target = entry.readlink()
        except OSError as error:
            raise unreadable(path, error) from None
        links += 1
        if links > LINKS_MAX:
            raise unreadable(path, OSError(errno.ELOOP, os.strerror(errno.ELOOP)))
        ahead += _parts(target)
        place = Path("/") if target.is_absolute() else place
    return place


def _parts(path: Path) -> list[str]:
    """The names in a path, the first one last."""
    return [name for name in reversed(path.parts) if name != path.anchor]


def _check_keeps(folder: Path, entry: os.stat_result) -> None:
    """Raise Problem unless others cannot replace `entry` in `folder`.

    In a sticky folder they cannot replace a folder that is not theirs. A file or a link is refused there: before it was
    created, or while it is missing, they could create their own.
    """
    status = folder.stat()
    sticky = status.st_mode & stat.S_ISVTX and status.st_uid in _trusted_owners()
    if not (sticky and stat.S_ISDIR(entry.st_mode) and entry.st_uid in _trusted_owners()):
        _owned(folder, status)


def unreadable(path: Path, error: OSError) -> Problem:
    """The Problem for a file or folder that cannot be opened."""
    match error.errno:
        case errno.ENOENT:
            return Problem(
                f"{path} does not exist",
                "put the configuration file shipped with rw2fa there, or name another with --config",
            )
        case errno.EACCES | errno.EPERM:
            return Problem(f"{path} cannot be read: permission denied", "run this as root")
        case _:
            return Problem(f"{path} cannot be read: {error.strerror}", "check the file system, then try again")


def _trusted_owners() -> set[int]:
    return {0, os.geteuid()}


def _owned(path: Path, status: os.stat_result) -> None:
    if status.st_uid not in _trusted_owners():
        elsewhere = ", or keep the configuration in /etc/rw2fa" if stat.S_ISDIR(status.st_mode) else ""
        raise Problem(
            f"{path} belongs to uid {status.st_uid}, who could change it", f"run: chown root {path}{elsewhere}"
        )
    if status.st_mode & stat.S_ISVTX and status.st_mode & SHARED_WRITE:
        raise Problem(
            f"{path} is a folder that others can put files into (mode {stat.S_IMODE(status.st_mode):04o})",
            "keep the configuration in a folder that only root can write to, such as /etc/rw2fa",
        )
    if status.st_mode & SHARED_WRITE:
        raise Problem(
            f"{path} can be written by users other than its owner (mode {stat.S_IMODE(status.st_mode):04o})",
            f"run: chmod go-w {path}",
        )
