"""xrdp-sesman in a world: who would get a remote desktop, asked of the real session manager without a desktop."""

import re
import socket
import struct
from collections.abc import Callable
from typing import Final

from tests.support.world.accounts import User
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

PORT: Final = 3350
SOCKET: Final = "/run/xrdp/sockdir/sesman.socket"

IN: Final = 0
"""The verdict for who is let in. Every other number is a refusal: PAM's code up to xrdp 0.9, a status from 0.10 on."""

_ANSWER_SECONDS: Final = 40.0


class Sesman:
    """A running session manager with the host's own /etc/xrdp/sesman.ini."""

    LOG = "/var/log/xrdp-sesman.log"

    def __init__(self, world: World) -> None:
        self.world = world
        told = world.run("/usr/sbin/xrdp-sesman", "--version", check=False).stdout
        found = re.search(r"(\d+)\.(\d+)", told)
        if found is None:
            raise AssertionError(f"xrdp-sesman --version says {told!r}")
        self.version = (int(found[1]), int(found[2]))
        self.process = world.start("/usr/sbin/xrdp-sesman", "--nodaemon")
        wait_until("xrdp-sesman", self._listens)

    def stop(self) -> None:
        """Ends the session manager."""
        self.world.kill(self.process)

    def verdict(self, user: User | str, password: str | None = None) -> int:
        """What a remote-desktop login with this password comes to: IN, or the number of a refusal."""
        name = user if isinstance(user, str) else user.name
        word = password if password is not None or isinstance(user, str) else user.password
        with self._connect() as connection:
            connection.settimeout(_ANSWER_SECONDS)
            ask = _ask_0_9 if self.version < (0, 10) else _ask_0_10
            return ask(connection, name.encode(), (word or "").encode())

    def _connect(self) -> socket.socket:
        if self.version >= (0, 10):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self.world.path(SOCKET)))
            except OSError:
                connection.close()
                raise
            return connection
        # "127.0.0.1" in sesman.ini means ::1 where there is IPv6.
        try:
            return self.world.connect(PORT, "::1")
        except ConnectionRefusedError:
            return self.world.connect(PORT)

    def _listens(self) -> bool:
        try:
            self._connect().close()
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True


def _ask_0_9(connection: socket.socket, name: bytes, password: bytes) -> int:
    """scp_v0's gateway request (code 4): answered with what PAM said, and starts nothing. sesman/scp_v0.c of 0.9."""
    body = struct.pack(">H", 4)
    for word in (name, password):
        body += struct.pack(">H", len(word)) + word
    connection.sendall(struct.pack(">II", 0, 8 + len(body)) + body)
    receive = _receiver(connection)
    version, length = struct.unpack(">II", receive(8))
    if version != 0:
        raise AssertionError(f"xrdp-sesman answered in version {version} of its protocol")
    code: int = struct.unpack(">H", receive(length - 8)[2:4])[0]
    return code


def _ask_0_10(connection: socket.socket, name: bytes, password: bytes) -> int:
    """The login that precedes a session, and no session. libipm/libipm_send.c, libipm/scp.c of 0.10."""
    version, facility, login, login_answer = 2, 1, 2, 4
    body = b"".join(b"s" + word + b"\0" for word in (name, password, b"127.0.0.2"))
    connection.sendall(struct.pack("<HHHHI", version, 12 + len(body), facility, login, 0) + body)
    receive = _receiver(connection)
    _, length, _, message, _ = struct.unpack("<HHHHI", receive(12))
    if message != login_answer:
        raise AssertionError(f"xrdp-sesman answered a login with message {message}")
    kind, status = struct.unpack("<ci", receive(length - 12)[:5])
    if kind != b"i":
        raise AssertionError(f"xrdp-sesman's login answer begins with {kind!r}")
    return int(status)


def _receiver(connection: socket.socket) -> Callable[[int], bytes]:
    def receive(count: int) -> bytes:
        data = connection.recv(count, socket.MSG_WAITALL)
        if len(data) != count:
            raise AssertionError(f"xrdp-sesman closed the connection after {len(data)} of {count} bytes")
        return data

    return receive
