"""A QR code as a picture in a file."""

import io
import os
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.qr import QUIET_ZONE, smallest_code

KINDS: Final = {".png": "png", ".svg": "svg"}
PIXELS: Final = 8
"""A module's width and height, in the pixels of a PNG."""


def check_picture(path: Path) -> None:
    """Raise a Problem where `write_picture` could not write: before there is a secret to be drawn."""
    if path.suffix.lower() not in KINDS:
        raise Problem(f"{path} ends neither in .png nor in .svg", "name a file that does")
    if os.path.lexists(path):
        raise _there(path)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise Problem(f"no file can be made in {path.parent}", "name a folder that is there and can be written to")


def write_picture(path: Path, content: str) -> None:
    """Make a file that only its owner can read, with the QR code of ASCII text; raises a Problem where one is there."""
    drawn = io.BytesIO()
    smallest_code(content).save(drawn, kind=KINDS[path.suffix.lower()], scale=PIXELS, border=QUIET_ZONE)
    try:
        # What is there already is neither followed nor overwritten, whoever laid it there.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise _there(path) from None
    except OSError as failure:
        raise Problem(f"{path} cannot be made: {failure.strerror}", "name another file") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(drawn.getvalue())
    except OSError as failure:
        path.unlink(missing_ok=True)
        raise Problem(f"{path} cannot be written: {failure.strerror}", "name another file") from None


def _there(path: Path) -> Problem:
    return Problem(f"{path} is there already", "name a new file: a picture of a key overwrites nothing")
