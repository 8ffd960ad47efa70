"""The connection to a user's screen, made with that user's rights."""

import os
import pwd
import socket
from pathlib import Path
from typing import Final

from rw2fa_daemon.wire.message import ProtocolError
from rw2fa_portal.desktop.ending import Ending, read_ending
from rw2fa_portal.desktop.place import ENDING, SOCKET
from rw2fa_portal.session.as_user import as_user
from rw2fa_portal.session.listener import check_peer

CONNECT_SECONDS: Final = 2.0
"""For a display server to take a connection; one that is stopped does not."""

WORD_MAX: Final = 32
"""Bytes of the word that says how a session ended."""


def connect_screen(folder: Path, user: pwd.struct_passwd) -> socket.socket | None:
    """A connection to the display server of the session in `folder`, None where none listens.

    The folder is the user's, who may put a link to any socket of the host there: as root, that would be opened to the
    browser. As the user it is no more than that user can open anyway; and it has to be the user who listens.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(CONNECT_SECONDS)
        with as_user(user):
            connection.connect(str(folder / SOCKET))
        check_peer(connection, user.pw_uid)
        connection.settimeout(None)
    except (OSError, ProtocolError):
        connection.close()
        return None
    return connection


def ending_of(folder: Path, user: pwd.struct_passwd) -> Ending | None:
    """How the session in `folder` ended, in the words of the user's own process; None while it has not said."""
    try:
        with as_user(user):
            descriptor = os.open(folder / ENDING, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                word = os.read(descriptor, WORD_MAX)
            finally:
                os.close(descriptor)
    except OSError:
        return None
    return read_ending(word.decode("ascii", "replace"))
