"""What runs on the display: the user's desktop as the host starts it, or one program that fills the screen."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

DESKTOPS: Final = (
    ("/etc/X11/Xsession",),
    ("x-session-manager",),
    ("x-window-manager",),
)
"""The first that is there. Debian's script reads ~/.xsession, asks the other two, and sets up what desktops need."""

FILLERS: Final = (("matchbox-window-manager", "-use_titlebar", "no"),)
"""A window manager under which the one program has all of the screen, and follows it when the browser is resized."""

Which = Callable[[str], str | None]


def desktop(which: Which = shutil.which) -> tuple[str, ...] | None:
    """The command of the desktop, None where there is none. Xsession alone starts nothing."""
    if which("x-session-manager") is None and which("x-window-manager") is None and not _has_own_session():
        return None
    return _first(DESKTOPS, which)


def filler(which: Which = shutil.which) -> tuple[str, ...] | None:
    """The command of the window manager for one program, None where none is installed."""
    return _first(FILLERS, which)


def _has_own_session() -> bool:
    return any(os.access(Path.home() / name, os.R_OK) for name in (".xsession", ".Xsession"))


def _first(commands: tuple[tuple[str, ...], ...], which: Which) -> tuple[str, ...] | None:
    return next((command for command in commands if which(command[0])), None)
