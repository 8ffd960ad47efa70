"""The folder and the file of the state."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from rw2fa_daemon.store.problem import StateProblem, no_state

FILE_NAME: Final = "state.db"
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600


def create(folder: Path, owner: tuple[int, int] | None, *, file: bool = True) -> None:
    """Make the folder, and with `file` an empty state file in it, if they are missing.

    They belong to `owner` (uid, gid) if this process runs as root, else to its own user. SQLite makes the files
    beside it (`-wal`, `-shm`) with the same owner and mode.
    """
    owner = owner if os.geteuid() == 0 else None
    path = folder / FILE_NAME
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=_FOLDER_MODE)
            _give(folder, os.O_RDONLY | os.O_DIRECTORY, _FOLDER_MODE, owner)
            _sync(folder.parent)
        if not file:
            return
        with contextlib.suppress(FileExistsError):
            _give(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _FILE_MODE, owner)
            _sync(folder)
    except OSError as error:
        raise StateProblem(
            f"the state cannot be made in {folder}: {error.strerror}",
            f"make sure that {folder.parent} is a folder that this user can write to, and that its disk has room",
        ) from error


def _give(path: Path, flags: int, mode: int, owner: tuple[int, int] | None) -> None:
    """Open or create, then set mode and owner on the descriptor, whatever the umask."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        os.fchmod(descriptor, mode)
        if owner is not None:
            os.fchown(descriptor, *owner)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Make a new name in `folder` durable; SQLite does this for its logs only."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def identity(path: Path) -> tuple[int, int]:
    """Device and inode of the state file; raises `StateProblem` if there is none."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        raise no_state(str(path.parent)) from None
    except OSError as error:
        raise StateProblem(
            f"the state {path} cannot be opened: {error.strerror}",
            f"run this as root, and look who owns it (`ls -la {path.parent}`)",
        ) from error
    if not stat.S_ISREG(status.st_mode):
        # With root's rights SQLite would follow a link that another user put there.
        raise StateProblem(f"{path} is not a file", "put the state itself there, and name its folder in [paths]")
    return status.st_dev, status.st_ino
