"""What the portal and rw2fa-session say to each other: names, limits, forms (docs/protocol.md, "The portal")."""

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from rw2fa_daemon.wire.message import ProtocolError

SOCKET: Final = Path("/run/rw2fa/session.sock")
PORTAL_USER: Final = "rw2fa-portal"
SERVICE: Final = "rw2fa-portal"
"""The PAM service."""
CODE_SERVICE: Final = "rw2fa-portal-code"
"""The one for another code of somebody who is signed in."""
TTY: Final = "rw2fa-portal"
"""PAM_TTY: not a terminal, but the name of where somebody sits, as other graphical services give one."""

USER_MAX: Final = 256
"""Bytes of a user name."""
REPLY_MAX: Final = 511
"""Bytes that a user may have typed: PAM_MAX_RESP_SIZE with its NUL (pam_conv(3))."""
QUESTIONS_MAX: Final = 64
"""Of one logon; the hook ends a phase after 32."""

REPLY_SECONDS: Final = 300.0
"""In which a user answers one question: as long as the daemon waits on a silent connection."""
LOGON_SECONDS: Final = 900.0
"""For all of a logon, modules that hang and a new password included."""
LIFE_SECONDS: Final = 86_400.0
"""For a logon that stands; the portal ends it sooner."""
FAILURE_SECONDS: Final = 2.0
"""From `logon` on, before a refusal is told: whatever was wrong, it takes as long."""


class Style(StrEnum):
    """How the answer to a question may be shown, or what kind of message it is."""

    ECHO = "echo"
    HIDDEN = "hidden"
    INFO = "info"
    ERROR = "error"


class Phase(StrEnum):
    """What PAM was doing when it said something."""

    AUTH = "auth"
    ACCOUNT = "account"
    PASSWORD = "password"  # noqa: S105  # the name of a phase of PAM


class Outcome(StrEnum):
    """How a logon, or a further look at it, ends."""

    IN = "in"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


def check_user(name: str) -> str:
    """A user name as it may reach PAM and its logs; ProtocolError for any other."""
    if not name or not name.isprintable() or len(name.encode("utf-8", "surrogateescape")) > USER_MAX:
        raise ProtocolError("no name of a user")
    return name


def check_address(text: str) -> str:
    """The address that a browser came from, as PAM_RHOST has it; empty where none is known."""
    try:
        return str(ip_address(text)) if text else ""
    except ValueError:
        raise ProtocolError("no address") from None
