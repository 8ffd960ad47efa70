"""Who is at the keyboard, for the audit."""

import os
import pwd
from pathlib import Path
from typing import Final

LOGIN_UID: Final = Path("/proc/self/loginuid")
NOBODY_LOGGED_IN: Final = 2**32 - 1
"""What /proc/self/loginuid says for a process that no login started (audit(8): "unset")."""


def administrator() -> str:
    """Name and uid of the user who logged in, became root, and runs this.

    From the kernel's loginuid where it is set, else from sudo's SUDO_UID: root could forge that, but
    root could do worse.
    """
    return _named(_login_uid() or _sudo_uid() or os.getuid())


def _login_uid() -> int | None:
    try:
        uid = int(LOGIN_UID.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == NOBODY_LOGGED_IN else uid


def _sudo_uid() -> int | None:
    text = os.environ.get("SUDO_UID", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else None


def _named(uid: int) -> str:
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except (KeyError, OverflowError):
        return f"uid {uid}"
