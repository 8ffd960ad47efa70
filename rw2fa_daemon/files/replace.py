"""Replacing a file so that a reader sees the old or the new content, and nothing in between."""

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes, mode: int) -> None:
    """Replace the file at `path` by `content`; raises OSError.

    The new file has `mode`, and, if this process runs as root, the owner of its folder. It is not
    flushed to disk, so use it only for data that is measured again anyway.
    """
    folder = path.parent
    temporary = folder / f".{path.name}.{os.getpid()}"
    with suppress(FileNotFoundError):
        temporary.unlink()
    # Neither through a link that the folder's owner has made, nor into a file of theirs.
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
