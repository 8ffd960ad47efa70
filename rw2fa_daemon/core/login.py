"""One phase of one login, as the hook describes it."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """PAM's management groups that the hook asks about."""

    AUTH = "auth"
    ACCOUNT = "account"


class Slot(StrEnum):
    """Where in the stack the line stands."""

    MAIN = "main"
    """After the password: the `Additional` line of common-auth."""
    FIRST = "first"
    """Before the password."""
    KEY = "key"
    """In place of the password, for whom sshd has accepted another first factor."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an earlier phase or slot of the same PAM handle left for the same user."""

    rule: str
    uid: int


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in where. `user` is what was typed; empty strings stand for items not set."""

    phase: Phase
    slot: Slot
    service: str
    user: str
    tty: str = ""
    rhost: str = ""
    ruser: str = ""
    known: bool | None = None
    """Whether NSS gives that name where the login program runs, None where it cannot tell. Believed only where it makes
    a decision stricter: the program may see another directory than the daemon does."""
    first: tuple[str, ...] = ()
    """Factors that were accepted already, by sshd's names."""
    evidence: Evidence | None = None
    session: str = ""
    """The kernel's audit session, `boot` in front; empty for a process that is in none."""
    boot: str = ""
    """Which boot of which host this is, as several may share a state, and which container; empty where not known."""
    pid: int = 0
    """The process that asks, as the kernel says, and its parent, as the process says; 0 where that is not known."""
    parent: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """A login program begins a session, `session` of the kernel's (as in Login), for `user`."""

    user: str
    session: str
