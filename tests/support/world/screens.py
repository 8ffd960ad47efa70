"""Sessions in a world that the portal opens, as its side of a logon sees them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, compose, parse
from tests.support.world.accounts import User
from tests.support.world.logons import LogonServer, Portal
from tests.support.world.world import World

BANNER = b"RFB 003.008\n"
"""What an RFB server says first (RFC 6143)."""


@contextmanager
def logged_on(logons: LogonServer, user: User) -> Iterator[Portal]:
    """The portal's end of the logon of somebody who needs no code."""
    with logons.connect() as portal:
        assert portal.converse(user.name, user.password) == "in"
        yield portal


def asked(portal: Portal, verb: str, **fields: str) -> tuple[Message, socket.socket | None]:
    """The report to a verb, with the descriptor that came along."""
    portal.connection.send(compose(verb, fields))
    packet, descriptors, _, _ = socket.recv_fds(portal.connection, MESSAGE_MAX + 1, 1)
    return parse(packet), socket.socket(fileno=descriptors[0]) if descriptors else None


@contextmanager
def opened(portal: Portal, name: str = "desktop") -> Iterator[socket.socket]:
    """The screen of an application, which has to open."""
    report, screen = asked(portal, "open", name=name)
    assert screen is not None, dict(report.fields)
    with screen:
        screen.settimeout(40)
        assert screen.recv(len(BANNER)) == BANNER
        yield screen


def refusal(portal: Portal, name: str = "desktop") -> str:
    """The word for why it does not open."""
    report, screen = asked(portal, "open", name=name)
    assert screen is None
    return report.fields["ending"]


def running(world: World, program: str, user: User) -> list[int]:
    """The processes of a program that run as the person."""
    uid = int(world.run("id", "-u", user.name).stdout)
    found = [pid for pid, words in world.processes().items() if words and Path(words[0]).name == program]
    return [pid for pid in found if _owner(pid) == uid]


def _owner(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except FileNotFoundError:
        return None
