"""Who may connect, and the listener for hosts without systemd: a process for each connection, as Accept=yes makes."""

import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import ProtocolError

BACKLOG: Final = 512
INSTANCES_MAX: Final = 256
"""Logons at once, as MaxConnections= of the unit has it; more are closed at once."""

_UCRED: Final = struct.Struct("iII")
"""struct ucred: pid, uid, gid (unix(7))."""


def check_peer(connection: socket.socket, uid: int) -> None:
    """Raise ProtocolError unless the other end is a process of `uid`, which is for the kernel to say."""
    _pid, peer, _gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    if peer != uid:
        raise ProtocolError(f"a process of uid {peer} asks, and only the portal may")


def listen(path: Path, peer: int, attend: Callable[[socket.socket], int]) -> None:
    """Have `attend` run in a process of its own for each connection at `path`, which `peer` alone can reach."""
    children: set[int] = set()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        try:
            path.unlink(missing_ok=True)
            listener.bind(str(path))  # 0600, by the umask
            os.chown(path, peer, -1)
        except OSError as error:
            raise Problem(
                f"{path} cannot be made ({error.strerror})", "run this as root, on a folder of root's"
            ) from error
        listener.listen(BACKLOG)
        while True:
            connection, _ = listener.accept()
            with connection:
                children = {child for child in children if os.waitpid(child, os.WNOHANG) == (0, 0)}
                if len(children) >= INSTANCES_MAX:
                    continue
                child = os.fork()
                if child == 0:
                    listener.close()
                    os._exit(attend(connection))
                children.add(child)
