"""The folder of one session of a user, and what lies in it."""

from pathlib import Path
from typing import Final

from rw2fa_daemon.core.application import Application

ROOT: Final = Path("/run/rw2fa-desktops")
"""Root's, 0711; in it a folder for each user, 0700 and the user's own."""

SOCKET: Final = "rfb.sock"
LOCK: Final = "lock"
COOKIE: Final = "Xauthority"
ENDING: Final = "ending"
"""A word of ending.Ending, written by the user's own process: it says what that user is told, and decides nothing."""


def user_folder(root: Path, uid: int) -> Path:
    """Where the sessions of a user are."""
    return root / str(uid)


def session_folder(root: Path, uid: int, application: Application) -> Path:
    """Where one session is: there is one for a user and an application."""
    return user_folder(root, uid) / application.label
