"""Why there is no session, or none any more, and what the user is told."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rw2fa_portal.words import N_


class Ending(StrEnum):
    """How an attempt to open a session failed, or how a session ended."""

    OVER = "over"
    LEFT = "left"
    KILLED = "killed"
    NO_SHELL = "no-shell"
    NO_HOME = "no-home"
    HOME_FULL = "home-full"
    NO_SERVER = "no-server"
    NO_PROGRAM = "no-program"
    FAILED = "failed"


SENTENCES: Final[Mapping[Ending, str]] = {
    Ending.OVER: N_("The session has ended. You can open a new one."),
    Ending.LEFT: N_("Nobody looked at the session for so long that it was ended. You can open a new one."),
    Ending.KILLED: N_(
        "Something on this host ended the screen of the session, and what was not saved is lost. "
        "You can open a new one; if this happens again, tell your administrator."
    ),
    Ending.NO_SHELL: N_(
        "Your account may not start programs on this host: it has no login shell. Ask your administrator for one."
    ),
    Ending.NO_HOME: N_(
        "Your home folder is not there, or you may not write to it. Ask your administrator to look at it."
    ),
    Ending.HOME_FULL: N_(
        "Your home folder is full, and a session needs room there. Delete something, over SSH for "
        "example, or ask your administrator for more room."
    ),
    Ending.NO_SERVER: N_(
        "This host has no display server for the browser. Ask your administrator to install tigervnc-standalone-server."
    ),
    Ending.NO_PROGRAM: N_("What you want to open is not installed on this host. Tell your administrator."),
    Ending.FAILED: N_(
        "The session did not start. Try again; if this stays, tell your administrator, "
        "who finds the reason in the journal of this host."
    ),
}


def read_ending(word: str) -> Ending:
    """The ending of this name; FAILED for any other word, since the user can write what he likes where it is kept."""
    try:
        return Ending(word)
    except ValueError:
        return Ending.FAILED
