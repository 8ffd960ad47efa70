"""xrdp-sesman in a world: who would get a remote desktop, asked of the real session manager without a desktop."""

import socket
import struct

from tests.support.world.accounts import Person
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

PORT = 3350

# scp_v0 of xrdp 0.9: a gateway request is answered with what PAM said, and starts nothing.
_GATEWAY = 4
PAM_SUCCESS = 0


class Sesman:
    """A running session manager with the host's own /etc/xrdp/sesman.ini."""

    LOG = "/var/log/xrdp-sesman.log"

    def __init__(self, world: World) -> None:
        self.world = world
        self.process = world.start("/usr/sbin/xrdp-sesman", "--nodaemon")
        wait_until("xrdp-sesman", lambda: world.listens(PORT, "::1") or world.listens(PORT))

    def stop(self) -> None:
        self.world.kill(self.process)

    def verdict(self, person: Person | str, password: str | None = None) -> int:
        """The PAM code that a remote-desktop login with this password gets; 0 is in."""
        if isinstance(person, str):
            name, word = person, password or ""
        else:
            name, word = person.name, password if password is not None else person.password
        host = "::1" if self.world.listens(PORT, "::1") else "127.0.0.1"
        with self.world.connect(PORT, host) as connection:
            connection.settimeout(15)
            connection.sendall(_gateway_request(name.encode(), word.encode()))
            head = connection.recv(8, socket.MSG_WAITALL)
            version, length = struct.unpack(">II", head)
            body = connection.recv(length - 8, socket.MSG_WAITALL)
            if version != 0:
                raise AssertionError(f"xrdp-sesman answered in version {version} of its protocol")
            code: int = struct.unpack(">H", body[2:4])[0]
            return code


def _gateway_request(name: bytes, password: bytes) -> bytes:
    body = struct.pack(">H", _GATEWAY)
    for word in (name, password):
        body += struct.pack(">H", len(word)) + word
    return struct.pack(">II", 0, 8 + len(body)) + body
