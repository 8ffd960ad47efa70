"""Files replaced together: each atomically, and all restored if the whole cannot be finished."""

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.files.folder import sync_folder

_NEW_FILE_MODE: Final = 0o644


def read_bytes(path: Path) -> bytes | None:
    """The content of a file, None if there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def replace(path: Path, content: bytes) -> None:
    """Replace the content of a file, completely or not at all, even if power fails.

    Mode, owner and extended attributes stay; a symbolic link stays, and its target is replaced. A new file
    belongs to the user who runs this, mode 0644. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".rw2fa", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            _take_after(target, file.fileno())
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def delete(path: Path) -> None:
    """Delete a file, durably. Raises OSError."""
    path.unlink()
    sync_folder(path.parent)


def _take_after(old: Path, descriptor: int) -> None:
    try:
        status = old.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, _NEW_FILE_MODE)
        return
    os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for name in os.listxattr(old):
        # The kernel reserves some of them.
        with contextlib.suppress(OSError):
            os.setxattr(descriptor, name, os.getxattr(old, name))


class Transaction:
    """A context in which files are changed; leaving it by an exception restores every file that was."""

    def __init__(self) -> None:
        self._originals: dict[Path, bytes | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._put_back(value)

    def write(self, path: Path, content: bytes) -> bool:
        """Replace a file; returns False, with nothing done, if it has that content already."""
        before = read_bytes(path)
        if before == content:
            return False
        self._originals.setdefault(path, before)
        replace(path, content)
        return True

    def delete(self, path: Path) -> bool:
        """Delete a file; False if there is none."""
        before = read_bytes(path)
        if before is None:
            return False
        self._originals.setdefault(path, before)
        delete(path)
        return True

    def _put_back(self, reason: BaseException | None) -> None:
        stuck = []
        for path, content in reversed(self._originals.items()):
            try:
                if read_bytes(path) == content:
                    continue
                if content is None:
                    delete(path)
                else:
                    replace(path, content)
            except OSError as error:
                stuck.append(f"{path} ({error.strerror})")
        if stuck:
            raise Problem(
                f"{reason}; and these files could not be restored: {', '.join(stuck)}",
                "remove the lines with pam_rw2fa.so from them by hand before you log out",
            ) from reason
