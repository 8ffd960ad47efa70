"""What the portal may ask for once a logon stands. Whose it is, PAM has said: no verb names a user."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.wire.message import Message
from rw2fa_portal.protocol import Outcome
from rw2fa_portal.session import screens
from rw2fa_portal.session.alarm import ended_after
from rw2fa_portal.session.answer import Answer
from rw2fa_portal.session.libpam import Code, Transaction

LOOK_SECONDS: Final = 20.0
"""For one look; the portal waits for less."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A logon that stands: the PAM handle with its evidence, and the name that NSS has for the user."""

    pam: Transaction
    user: str


def look(standing: Standing, _message: Message) -> Answer:
    """Whether PAM would still let this user in: the account phase once more, on the same evidence."""
    with ended_after(LOOK_SECONDS):
        code = standing.pam.acct_mgmt()
    return Answer({"outcome": Outcome.IN if code is Code.SUCCESS else Outcome.REFUSED})


VERBS: Final[Mapping[str, Callable[[Standing, Message], Answer]]] = {
    "look": look,
    "applications": lambda standing, message: screens.applications(standing.user, message),
    "open": lambda standing, message: screens.open_screen(standing.user, message),
    "ending": lambda standing, message: screens.screen_ending(standing.user, message),
}
