"""Asks the relay from the event loop; `wire.relay` does so for the administrator's command, which may block."""

import socket
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from rw2fa_daemon.service.loop import Loop, Timer
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError, parse

AGAIN_SECONDS: Final = 0.05
"""After a full backlog, which connect() tells at once (unix(7)), before it is tried again."""


class Unanswered(Enum):
    """Why there is no answer."""

    NOT_TAKEN = "nobody took the request"
    LOST = "the request was taken, and what came of it is not known"


Done = Callable[[Message | Unanswered], None]


class RelayClient:
    """Sends requests, each over a connection of its own; the caller bounds their number."""

    def __init__(self, loop: Loop, path: Path) -> None:
        self._loop = loop
        self._path = path

    def ask(self, packet: bytes, seconds: float, done: Done) -> None:
        """Send a request, and call `done` with the first message of the answer, within `seconds`."""
        _Request(self._loop, str(self._path), packet, done).start(seconds)


class _Request:
    """One request under way."""

    def __init__(self, loop: Loop, path: str, packet: bytes, done: Done) -> None:
        self._loop = loop
        self._path = path
        self._packet = packet
        self._done: Done | None = done
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._taken = False
        self._deadline: Timer | None = None

    def start(self, seconds: float) -> None:
        self._deadline = self._loop.call_later(seconds, self._unanswered)
        self._connect()

    def _connect(self) -> None:
        if self._done is None:
            return
        try:
            self._sock.connect(self._path)
            self._sock.send(self._packet, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            self._loop.call_later(AGAIN_SECONDS, self._connect)
        except OSError:
            # Packets are taken as a whole or not at all.
            self._loop.call_soon(self._unanswered)
        else:
            self._taken = True
            self._loop.add_reader(self._sock.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            packet = self._sock.recv(MESSAGE_MAX + 1)
            answer = parse(packet)
        except (BlockingIOError, InterruptedError):
            return
        except (OSError, ProtocolError):
            self._unanswered()
        else:
            self._finish(answer)

    def _unanswered(self) -> None:
        self._finish(Unanswered.LOST if self._taken else Unanswered.NOT_TAKEN)

    def _finish(self, answer: Message | Unanswered) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        done(answer)
