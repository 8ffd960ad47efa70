"""A QR code as an image file."""

import io
import os
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.qr import QUIET_ZONE, smallest_code

KINDS: Final = {".png": "png", ".svg": "svg"}
PIXELS: Final = 8
"""Width and height of a module of the QR code, in pixels of a PNG."""


def check_picture(path: Path) -> None:
    """Raise Problem if `write_picture` could not write to `path`; called before a secret is made."""
    if path.suffix.lower() not in KINDS:
        raise Problem(f"{path} ends neither in .png nor in .svg", "name a file that does")
    if os.path.lexists(path):
        raise _there(path)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise Problem(f"no file can be created in {path.parent}", "name an existing folder that can be written to")


def write_picture(path: Path, content: str) -> None:
    """Create a file that only its owner can read, with the QR code of ASCII text; raises Problem if it exists."""
    drawn = io.BytesIO()
    smallest_code(content).save(drawn, kind=KINDS[path.suffix.lower()], scale=PIXELS, border=QUIET_ZONE)
    try:
        # Whatever already exists there, a link included, is neither followed nor overwritten.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise _there(path) from None
    except OSError as failure:
        raise Problem(f"{path} cannot be created: {failure.strerror}", "name another file") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(drawn.getvalue())
    except OSError as failure:
        path.unlink(missing_ok=True)
        raise Problem(f"{path} cannot be written: {failure.strerror}", "name another file") from None


def _there(path: Path) -> Problem:
    return Problem(f"{path} exists already", "name a new file: existing files are not overwritten")
