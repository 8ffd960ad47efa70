"""One connection: packets in and out, and whose turn it is."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError, parse

ROOT_UID: Final = 0

# Python's constants are enumerations, which take longer to combine than a message to send.
_SEND_FLAGS: Final = int(socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
_RECEIVE_FLAGS: Final = int(socket.MSG_DONTWAIT)

_inbox = bytearray(MESSAGE_MAX + 1)
"""One for all: a message is taken out of it before the next is read."""


class Partner(Protocol):
    """Answers the messages of a connection; a Dialogue, once the state is needed."""

    @property
    def about(self) -> Record:
        """An audit record of the login that is being talked about."""

    def take(self, message: Message) -> None:
        """Answer a message; ProtocolError if it is none of those that may come now."""

    def hung_up(self) -> None:
        """The peer is gone; close the connection."""


@dataclass(frozen=True, slots=True)
class ConnectionCallbacks:
    """What a connection needs of the server that accepted it; one for all connections."""

    take_first: Callable[["Connection", Message], None]
    """Answers a message while there is no partner; ProtocolError if no conversation begins with it."""
    forget: Callable[["Connection"], None]
    """Closes the connection and gives its place back."""
    audit: Callable[[Record], None]
    answered: Callable[[bytes, float], None]
    """Is told each message that is sent, and the seconds since the one that it answers."""
    clock: Callable[[], float]
    """Monotonic seconds."""


class Connection:
    """A peer.

    While an answer is being worked out (`busy`) a message is out of turn, and ends the
    conversation.
    """

    __slots__ = ("_callbacks", "busy", "last_heard", "partner", "pid", "sock", "uid")

    def __init__(self, callbacks: ConnectionCallbacks, sock: socket.SocketType, pid: int, uid: int) -> None:
        self._callbacks = callbacks
        self.sock = sock
        self.pid = pid
        """The peer's, by the kernel; 0 for a process in a pid namespace that cannot be seen from here."""
        self.uid = uid
        self.last_heard = callbacks.clock()
        """Monotonic seconds."""
        self.busy = False
        self.partner: Partner | None = None

    def readable(self) -> None:
        """Take one message and have it answered."""
        try:
            length = self.sock.recv_into(_inbox, 0, _RECEIVE_FLAGS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        self.last_heard = self._callbacks.clock()
        if length == 0:
            self._hung_up()
            return
        try:
            self._take(parse(bytes(memoryview(_inbox)[:length])))
        except ProtocolError as error:
            self.broken(str(error))

    def broken(self, reason: str) -> None:
        """End a conversation whose peer broke the protocol, or was silent too long."""
        about = self.partner.about if self.partner else Record(Event.PROTOCOL_BROKEN, 0)
        self._callbacks.audit(
            Record(
                Event.PROTOCOL_BROKEN,
                time.time(),
                about.user,
                about.service,
                about.address,
                about.phase,
                Decision.DENY,
                "protocol",
                f"{reason} (peer uid {self.uid})",
            )
        )
        self.close()

    def say(self, packet: bytes) -> None:
        """Send one message and wait for the next; a peer that is gone, or does not take it, is forgotten."""
        self.busy = False
        self._callbacks.answered(packet, self._callbacks.clock() - self.last_heard)
        try:
            self.sock.send(packet, _SEND_FLAGS)
        except OSError:
            self.close()

    def say_last(self, packet: bytes) -> None:
        """Send one message and close."""
        self.say(packet)
        self.close()

    def close(self) -> None:
        """Forget this connection."""
        self._callbacks.forget(self)

    def _take(self, message: Message) -> None:
        if self.busy:
            raise ProtocolError("message out of turn")
        if self.partner is None:
            self._callbacks.take_first(self, message)
        else:
            self.partner.take(message)

    def _hung_up(self) -> None:
        if self.partner is None or self.busy:
            self.close()
        else:
            self.partner.hung_up()
