"""The verbs by which a logon comes to its sessions: what there is for this user, and the screen of one."""

import grp
import os
import pwd
from contextlib import suppress
from typing import Final

from rw2fa_daemon.core.application import DESKTOP, Application
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import Message
from rw2fa_portal.desktop.ending import Ending
from rw2fa_portal.protocol import Outcome
from rw2fa_portal.session.alarm import ended_after
from rw2fa_portal.session.answer import Answer
from rw2fa_portal.session.configuration import configuration
from rw2fa_portal.session.desktops import START_SECONDS, Desktops

OPEN_SECONDS: Final = START_SECONDS + 30.0
"""For a session to open, slow look-ups of names included."""
SECONDS_A_MINUTE: Final = 60


def applications(user: str) -> Answer:
    """`names`: what this user may open, the desktop first, one a line."""
    with ended_after(OPEN_SECONDS):
        return Answer({"names": "\n".join(one.name for one in _open_to(user))})


def find(user: str, message: Message) -> Application | None:
    """The application `name`, if this user may open it."""
    with ended_after(OPEN_SECONDS):
        return _find(user, message)


def open_screen(user: str, found: Application | None) -> Answer:
    """The screen of an application, begun or come back to: a descriptor with `outcome=in`, or else `ending`."""
    if found is None:
        return Answer({"outcome": Outcome.REFUSED, "ending": Ending.NO_PROGRAM})
    with ended_after(OPEN_SECONDS):
        opened = _desktops(user).open(found)
    if isinstance(opened, Ending):
        return Answer({"outcome": Outcome.REFUSED, "ending": opened})
    return Answer({"outcome": Outcome.IN}, opened)


def screen_ending(user: str, message: Message) -> Answer:
    """`ending`: how the session of the application `name` ended; none while it runs."""
    with ended_after(OPEN_SECONDS):
        found = _find(user, message)
        ending = None if found is None else _desktops(user).ending(found)
    return Answer({} if ending is None else {"ending": ending})


def _find(user: str, message: Message) -> Application | None:
    name = message.required("name")
    return next((one for one in _open_to(user) if one.name == name), None)


def _open_to(user: str) -> list[Application]:
    """What the configuration of this moment lets the user open. The portal's word for it is not taken."""
    listed = configuration().applications
    groups = _groups(user) if any(one.groups for one in listed) else frozenset()
    return [DESKTOP, *(one for one in listed if one.open_to(groups))]


def _desktops(user: str) -> Desktops:
    return Desktops(_passwd_entry(user), SECONDS_A_MINUTE * configuration().keep_minutes)


def _passwd_entry(user: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise Problem("the user who logged on is gone", "see who removed the account") from None


def _groups(user: str) -> frozenset[str]:
    """The names of a user's groups; one that has none counts for nobody."""
    entry = _passwd_entry(user)
    names = set()
    for number in os.getgrouplist(entry.pw_name, entry.pw_gid):
        with suppress(KeyError):
            names.add(grp.getgrgid(number).gr_name)
    return frozenset(names)
