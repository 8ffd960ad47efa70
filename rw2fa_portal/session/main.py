"""rw2fa-session: the process of one logon. systemd starts one for each connection of the portal."""

import argparse
import os
import pwd
import resource
import socket
import sys
import time
from pathlib import Path

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.activation import passed_listener
from rw2fa_daemon.wire.message import ProtocolError
from rw2fa_portal.protocol import LOGON_SECONDS, PORTAL_USER
from rw2fa_portal.session.channel import Channel, Gone
from rw2fa_portal.session.listener import check_peer, listen
from rw2fa_portal.session.logon import serve

PROGRAM = "rw2fa-session"


def main() -> int:
    """0 when the logon is over, 1 with the reason on stderr where there was none."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Runs one logon of the web portal through PAM.")
    parser.add_argument("--listen", type=Path, help="socket to listen at, where systemd passes no connection")
    parser.add_argument("--peer", type=int, help=f"uid of the portal; by default that of {PORTAL_USER}")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    try:
        peer = _portal_uid() if options.peer is None else options.peer
        if options.listen is not None:
            listen(options.listen, peer, lambda connection: _attend(connection, peer))
            return 0
        return _attend(_passed_connection(), peer)
    except Problem as problem:
        return _say(str(problem))


def _attend(connection: socket.socket, peer: int) -> int:
    try:
        with connection:
            check_peer(connection, peer)
            serve(Channel(connection, time.monotonic() + LOGON_SECONDS))
    except Gone:
        return 0
    except (ProtocolError, Problem) as error:
        return _say(str(error))
    return 0


def _passed_connection() -> socket.socket:
    if (connection := passed_listener(f"{PROGRAM}.socket")) is None:
        raise Problem("nobody passed a connection", f"start {PROGRAM}.socket, or give --listen PATH")
    return connection


def _portal_uid() -> int:
    try:
        return pwd.getpwnam(PORTAL_USER).pw_uid
    except KeyError:
        raise Problem(f"there is no user {PORTAL_USER}", "run `systemd-sysusers`, or install rw2fa again") from None


def _say(why: str) -> int:
    sys.stderr.write(f"{PROGRAM}: {why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
