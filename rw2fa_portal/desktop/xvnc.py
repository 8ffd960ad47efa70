"""The display server: TigerVNC's Xvnc, reachable through one Unix socket and nothing else."""

import os
import select
import subprocess
import time
from pathlib import Path
from typing import Final

PROGRAM: Final = "Xvnc"
START_SECONDS: Final = 20.0
"""Until it says which display it is."""

GEOMETRY: Final = "1280x800"
"""Until the browser says how large its window is."""


def command(socket: Path, cookie: Path, keep_seconds: int, ready: int) -> list[str]:
    """The arguments (Xvnc(1)). It ends itself `keep_seconds` after the last viewer left, and says so by a status of 0.

    No RFB password: whoever reaches the socket is its owner, or holds what its owner's logon opened.
    """
    return [
        *(PROGRAM, "-displayfd", str(ready)),
        *("-auth", str(cookie), "-nolisten", "tcp", "-noreset"),
        *("-rfbport", "-1", "-rfbunixpath", str(socket), "-rfbunixmode", "0600", "-SecurityTypes", "None"),
        *("-MaxDisconnectionTime", str(keep_seconds), "-IdleTimeout", "0"),
        *("-geometry", GEOMETRY, "-depth", "24", "-desktop", "rw2fa"),
    ]


def start(socket: Path, cookie: Path, keep_seconds: int) -> tuple[subprocess.Popen[bytes], int] | None:
    """Start it and return it with the number of its display; None if it does not come up."""
    readable, writable = os.pipe()
    try:
        process = subprocess.Popen(
            command(socket, cookie, keep_seconds, writable),
            stdin=subprocess.DEVNULL,
            pass_fds=(writable,),
            process_group=0,
        )
    except OSError:
        os.close(readable)
        return None
    finally:
        os.close(writable)
    try:
        number = _number(readable, time.monotonic() + START_SECONDS)
    finally:
        os.close(readable)
    if number is None:
        process.kill()
        process.wait()
        return None
    return process, number


def _number(readable: int, end: float) -> int | None:
    """What it writes, up to the newline: closed before that, it would be killed by its own write."""
    text = b""
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([readable], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        some = os.read(readable, 16)
        if not some:
            return None
        text += some
    return int(text) if text.strip().isdigit() else None
