"""What the page of a session says when there is none, or none any more: a word for each, and its sentence."""

from enum import StrEnum
from typing import Final

from rw2fa_portal.desktop.ending import SENTENCES as ENDINGS
from rw2fa_portal.words import N_

CLOSE_CODE: Final = 4000
"""Of a WebSocket that ends with one of these words as its reason; 4000 to 4999 are an application's (RFC 6455)."""


class Notice(StrEnum):
    """What a page is told by the portal, beside how a session ends (desktop.ending)."""

    CODE = "code"
    SIGNED_OUT = "signed-out"
    REFUSED = "refused"
    IDLE = "idle"
    LOST = "lost"
    """Not told: the page finds out itself."""


SENTENCES: Final[dict[str, str]] = {
    Notice.CODE: N_("To open this you need a new code."),
    Notice.SIGNED_OUT: N_("You are signed out. The session goes on for a while: sign in to come back to it."),
    Notice.REFUSED: N_("This cannot be opened now. Go to your applications to see why."),
    Notice.IDLE: N_("You have not done anything here for an hour. The session is still there: come back to it."),
    Notice.LOST: N_("The connection is lost. The session is still there: come back to it when you are online."),
    **{ending.value: sentence for ending, sentence in ENDINGS.items()},
}
"""By the word that the reason of the close has."""
