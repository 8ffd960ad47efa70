"""The listening socket that systemd passes (sd_listen_fds(3))."""

import os
import socket
from typing import Final

from rw2fa_daemon.core.problem import Problem

FIRST_PASSED_FD: Final = 3
"""SD_LISTEN_FDS_START."""


def passed_listener(unit: str) -> socket.socket | None:
    """The socket that systemd passed to this process for `unit`, or None; Problem if it is of another kind."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return None
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    os.environ.pop("LISTEN_FDNAMES", None)
    if count != 1:
        raise Problem(f"systemd passed {count} sockets", f"{unit} must have exactly one ListenSequentialPacket=")
    listener = socket.socket(fileno=FIRST_PASSED_FD)
    if listener.family != socket.AF_UNIX or listener.type != socket.SOCK_SEQPACKET:
        listener.close()
        raise Problem("systemd passed a socket of another kind", f"{unit} must use ListenSequentialPacket=")
    listener.set_inheritable(False)
    return listener
