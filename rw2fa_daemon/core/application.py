"""What the web portal can open: the desktop, or one program that the configuration lists."""

import hashlib
import shlex
from dataclasses import dataclass
from typing import Final

DESKTOP_NAME: Final = "desktop"
"""What links and paths call the desktop; no application may have the name."""


@dataclass(frozen=True, slots=True)
class Application:
    """The program `command`, as a shell would split it; none is the desktop that the host has.

    With `groups` only their members may open it. `icon` is the path of a picture, or empty.
    """

    name: str
    command: str = ""
    groups: tuple[str, ...] = ()
    icon: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.command}"

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments. No shell reads them: there is nothing to expand."""
        return tuple(shlex.split(self.command))

    @property
    def label(self) -> str:
        """A word for addresses, units and folders, whatever the name is made of; the same at every start."""
        if self.name == DESKTOP_NAME:
            return DESKTOP_NAME
        return f"app-{hashlib.sha256(self.name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"

    def open_to(self, groups: frozenset[str]) -> bool:
        """Whether a member of `groups` may open it."""
        return not self.groups or not groups.isdisjoint(self.groups)


DESKTOP: Final = Application(DESKTOP_NAME)
