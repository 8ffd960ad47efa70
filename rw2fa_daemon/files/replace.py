"""Replacing a file so that a reader sees the old one or the new one, and nothing in between."""

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes, mode: int) -> None:
    """Put `content` in place of the file at `path`; raises OSError.

    The new file has `mode`, and, if this process is root's, the owner of its folder. It is not
    forced to the disk: for what is measured anew anyway.
    """
    folder = path.parent
    temporary = folder / f".{path.name}.{os.getpid()}"
    with suppress(FileNotFoundError):
        temporary.unlink()
    # Neither through a link that the folder's owner has laid, nor into a file of theirs.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if os.geteuid() == 0:
                status = folder.stat()
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fchmod(file.fileno(), mode)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
