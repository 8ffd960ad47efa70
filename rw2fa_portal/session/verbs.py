"""What the portal may ask for once a logon stands. Whose it is, PAM has said: no verb names a user."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import Message
from rw2fa_portal.protocol import Outcome, check_address
from rw2fa_portal.session import screens
from rw2fa_portal.session.alarm import ended_after
from rw2fa_portal.session.answer import Answer
from rw2fa_portal.session.libpam import Code, Transaction
from rw2fa_portal.session.registered import Answer as Known
from rw2fa_portal.session.registered import RegisteredLogon

LOOK_SECONDS: Final = 20.0
"""For one look; the portal waits for less."""


_NOBODY_JUDGES: Final = Answer({"outcome": Outcome.UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Standing:
    """A logon that stands: the PAM handle with its evidence, the logon as the daemon keeps it, and where from."""

    pam: Transaction
    registered: RegisteredLogon
    address: str


def look(standing: Standing, _message: Message) -> Answer:
    """Whether the logon still stands: the daemon is asked, and PAM's account phase once more on the same evidence."""
    with ended_after(LOOK_SECONDS):
        try:
            known = standing.registered.look()
        except Problem:
            return _NOBODY_JUDGES
        stands = known in {Known.OK, Known.CODE} and standing.pam.acct_mgmt() is Code.SUCCESS
    return Answer({"outcome": Outcome.IN if stands else Outcome.REFUSED})


def open_screen(standing: Standing, message: Message) -> Answer:
    """The screen of an application, if the daemon lets this logon open another session."""
    found = screens.find(standing.registered.user, message)
    if found is not None:
        try:
            known = standing.registered.open_session()
        except Problem:
            return _NOBODY_JUDGES
        if known is not Known.OK:
            return Answer({"outcome": Outcome.REFUSED, "needs": known})
    return screens.open_screen(standing.registered.user, found)


def account(standing: Standing, _message: Message) -> Answer:
    """What the page of this user shows."""
    try:
        known = standing.registered.account()
    except Problem:
        return _NOBODY_JUDGES
    return Answer({"outcome": Outcome.REFUSED} if known is None else {"outcome": Outcome.IN, **known})


def arm(standing: Standing, message: Message) -> Answer:
    """A pass for one RDP login from the address where the browser is now, if the daemon lets this logon have one."""
    address = check_address(message.fields.get("address", ""))
    try:
        known = standing.registered.arm(address)
    except Problem:
        return _NOBODY_JUDGES
    if known.get("result") != Known.OK:
        more = {key: known[key] for key in ("text",) if key in known}
        return Answer({"outcome": Outcome.REFUSED, "needs": known.get("result", ""), **more})
    return Answer({"outcome": Outcome.IN, **_of_pass(known)})


def rdp_pass(standing: Standing, _message: Message) -> Answer:
    """What became of the latest pass."""
    try:
        known = standing.registered.rdp_pass()
    except Problem:
        return _NOBODY_JUDGES
    stands = known.get("result") in {Known.OK, Known.CODE}
    return Answer({"outcome": Outcome.IN, **_of_pass(known)} if stands else {"outcome": Outcome.REFUSED})


def _of_pass(known: Mapping[str, str]) -> Mapping[str, str]:
    return {key: known[key] for key in ("asked", "pass", "pass_until") if key in known}


VERBS: Final[Mapping[str, Callable[[Standing, Message], Answer]]] = {
    "look": look,
    "account": account,
    "arm": arm,
    "pass": rdp_pass,
    "applications": lambda standing, _message: screens.applications(standing.registered.user),
    "open": open_screen,
    "ending": lambda standing, message: screens.screen_ending(standing.registered.user, message),
}
