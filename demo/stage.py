"""What a story needs of the place that it is played in."""

import subprocess
from dataclasses import dataclass
from typing import Final, Protocol

from tests.support.world.terminal import Terminal

PASSWORDS: Final = {
    "alice": "down the rabbit hole",
    "bob": "can we fix it",
    "carol": "hark the herald",
    "dave": "open the pod bay doors",
}
"""Who is on the stage; dave is the spectator."""

TERMINAL: Final = "Terminal"
"""The application that the portal offers."""


@dataclass(frozen=True)
class Actor:
    """Somebody with an account on the stage."""

    name: str
    password: str


class Stage(Protocol):
    """A host with rw2fa on it. Commands and logins return what they printed; nothing here checks anything."""

    introduction: str
    """What is real here and what stands in for what."""
    remote_desktop: str
    """The program that a remote-desktop login asks."""
    host_name: str
    pam_command: bool
    """Whether `rw2fa pam` has this stage's PAM configuration before it."""
    enable: tuple[str, ...]
    """The command that switches it on here."""

    def actor(self, name: str, group: str | None = None) -> Actor:
        """Makes an account that exists on this stage only, in an extra group if one is given."""

    def rw2fa(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """The administrator's command. `check`: a status other than 0 is an error."""

    def put_lines(self) -> None:
        """Puts the lines of rw2fa into the PAM configuration, where no command of rw2fa does."""

    def start_daemon(self) -> None:
        """Starts the daemon and waits until it answers."""

    def kill_daemon(self) -> None:
        """SIGKILL."""

    def open_doors(self) -> None:
        """Starts the login programs."""

    def ssh(self, actor: Actor, *, key: bool = False) -> Terminal:
        """An SSH login on a terminal; with `key`, the client has one and no password is offered."""

    def ssh_command(self, actor: Actor, *, key: bool = False) -> str:
        """What a person would type for it."""

    def ssh_batch(self, actor: Actor) -> Terminal:
        """An SSH login with a key and nobody there to ask."""

    def rdp(self, actor: Actor, password: str) -> bool:
        """Whether a remote-desktop login is let in."""

    def password_was_looked_at(self) -> bool:
        """Whether the auth log of the last `rdp` says that pam_unix was asked."""

    @property
    def no_sms(self) -> str:
        """Why no SMS can be shown here, empty where one can."""

    def start_twilio(self) -> str:
        """Starts what stands in for Twilio; its address."""

    def messages(self, number: str) -> list[str]:
        """What it took for a number, oldest first: what the person reads on the phone."""

    @property
    def no_portal(self) -> str:
        """Why the web portal cannot be shown here, empty where it can."""

    def start_portal(self) -> str:
        """Starts the web portal, which offers a terminal besides the desktop; its address."""

    def terminal_is_open(self, actor: Actor) -> bool:
        """Whether the shell of that terminal runs."""

    def keep(self, actor: Actor, portal: str) -> None:
        """Says how to log in by hand, and returns when the spectator has seen enough. `portal`: its address, if any."""

    def close(self) -> None:
        """Ends everything."""
