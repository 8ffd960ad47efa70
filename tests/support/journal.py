"""Stand-ins for journald: a datagram socket, and a parser of its native protocol."""

import socket
import struct
from pathlib import Path

from tests.support.closing import Closing


def parse(datagram: bytes) -> list[tuple[str, bytes]]:
    """The fields of an entry as journald takes them. systemd.io/JOURNAL_NATIVE_PROTOCOL; ValueError if it is none."""
    fields, rest = [], datagram
    while rest:
        head, found, rest = rest.partition(b"\n")
        if not found:
            raise ValueError("the last line has no end")
        name, equals, value = head.partition(b"=")
        if not equals:
            (length,) = struct.unpack_from("<Q", rest)
            value, end, rest = rest[8 : 8 + length], rest[8 + length : 9 + length], rest[9 + length :]
            if end != b"\n" or len(value) != length:
                raise ValueError("the length is wrong")
        fields.append((name.decode("ascii"), value))
    return fields


class JournalStandIn(Closing):
    """Listens like journald; `entries` are what it received."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self._path = path

    def entries(self) -> list[dict[str, str]]:
        """All that came since the last call; raises AssertionError for a field that was there twice."""
        found: list[dict[str, str]] = []
        while True:
            try:
                fields = parse(self._socket.recv(1 << 16))
            except BlockingIOError:
                return found
            assert len(dict(fields)) == len(fields)
            found.append({name: value.decode("utf-8", "surrogateescape") for name, value in fields})

    def close(self) -> None:
        """As if journald had ended, and its socket with it."""
        self._socket.close()
        self._path.unlink(missing_ok=True)
