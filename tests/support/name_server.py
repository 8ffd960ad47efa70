"""DNS on loopback: every name has the address 127.0.0.1, and no other. Standard library only, for a booted machine."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Final, Self

_HEADER: Final = struct.Struct("!HHHHHH")
"""Id, flags, and the counts of questions, answers, authorities and additions (RFC 1035 §4.1.1)."""
_ANSWER: Final = 0x8180
"""A response, recursion asked for and available."""
_TYPE_A: Final = 1


class NameServer:
    """Answers until the end of its `with`. `asked` are the types of the questions, for a test to count."""

    def __init__(self, port: int = 53) -> None:
        self.asked: list[int] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                packet, client = self._socket.recvfrom(512)
            except OSError:  # it was closed
                return
            self._socket.sendto(self._answer(packet), client)

    def _answer(self, packet: bytes) -> bytes:
        identity = _HEADER.unpack_from(packet)[0]
        end = packet.index(b"\0", _HEADER.size) + 5
        question = packet[_HEADER.size : end]
        kind = struct.unpack("!H", question[-4:-2])[0]
        self.asked.append(kind)
        # The name by reference, class IN, a minute, four bytes (RFC 1035 §4.1.3, §4.1.4).
        found = struct.pack("!HHHIH4B", 0xC00C, _TYPE_A, 1, 60, 4, 127, 0, 0, 1) if kind == _TYPE_A else b""
        return _HEADER.pack(identity, _ANSWER, 1, 1 if found else 0, 0, 0) + question + found
