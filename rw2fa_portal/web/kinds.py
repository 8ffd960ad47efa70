"""The ways in which a session can be opened from the portal, and what there is to open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.application import DESKTOP_NAME
from rw2fa_portal.web.language.current import _
from rw2fa_portal.words import N_


@dataclass(frozen=True, slots=True)
class Kind:
    """One way: the value of its radio button on the logon page, and what people read there."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Link:
    """Something that can be opened: its name in `data-application`, what people read, and where the link leads."""

    name: str
    label: str
    href: str
    icon: str = ""
    """The address of a picture."""


REMOTE: Final = "remoteapp"
KINDS: Final[Sequence[Kind]] = (
    Kind("html5", N_("In this browser")),
    Kind(REMOTE, N_("In a remote-desktop client (RemoteApp)")),
)
"""All there are; the logon page offers them, and the first one is chosen where nobody chooses."""


def shown(name: str) -> str:
    """What people read for an application."""
    return _("Desktop") if name == DESKTOP_NAME else name


def chosen(value: str) -> str:
    """The way that a form names, or the first one."""
    values = [kind.value for kind in KINDS]
    return value if value in values else next(iter(values), "")
