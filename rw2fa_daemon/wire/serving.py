"""Serves the socket of a helper: which uids may ask, how many requests at once, and when the helper ends."""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Final

from rw2fa_daemon.wire.message import MESSAGE_MAX, VERSION, Message, ProtocolError, compose, parse

IDLE_SECONDS: Final = 60.0
"""Without a request for so long the process ends; systemd, or the daemon, starts it again for the next one."""
CONNECTIONS_MAX: Final = 320
"""Connections at once: as many as there are places for requests, and twenty that have not said yet what they want."""
STACK_BYTES: Final = 524_288
"""Of a thread: enough for the resolver and OpenSSL, and little where there are hundreds."""
PATIENCE_SECONDS: Final = 5.0
"""For the request, and for each packet of the answer to be taken."""

_RETRY_SECONDS: Final = 0.05

_UCRED: Final = struct.Struct("iII")
"""struct ucred: pid, uid, gid (unix(7))."""


Answer = Callable[[Message], Iterator[bytes]]
"""Yields the packets of the answer as they are ready; raises ProtocolError for an ill-formed request."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What answers, and how many of its requests may be under way at once: each verb has places of its own."""

    answer: Answer
    at_once: int
    places: BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", BoundedSemaphore(self.at_once))


def serve(
    listener: socket.socket,
    peers: frozenset[int],
    verbs: Mapping[str, Verb],
    idle_seconds: float = IDLE_SECONDS,
    leash: int | None = None,
) -> None:
    """Answer the uids in `peers`, one request a connection, until none has come for `idle_seconds`.

    Or until the descriptor `leash` can be read, as at its end: the process that holds the other end has let go.
    """
    attending: list[threading.Thread] = []
    listener.setblocking(False)
    poll = select.poll()  # select(2) takes no descriptor above 1,023, and the daemon may hold many
    for descriptor in (listener.fileno(), leash):
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll(idle_seconds * 1000)}
        attending = [thread for thread in attending if thread.is_alive()]
        if leash in ready or not (ready or attending):
            return
        try:
            connection, _ = listener.accept()
        except OSError:  # the peer is gone; or no descriptor is free, until another request ends
            time.sleep(_RETRY_SECONDS)
            continue
        if len(attending) >= CONNECTIONS_MAX:
            connection.close()
            continue
        thread = threading.Thread(target=_attend, args=(connection, peers, verbs), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no thread to give
            connection.close()
            continue
        attending.append(thread)


def _attend(connection: socket.socket, peers: frozenset[int], verbs: Mapping[str, Verb]) -> None:
    with connection, suppress(OSError):  # the peer is gone, or does not take the answer
        connection.settimeout(PATIENCE_SECONDS)
        try:
            _answer(connection, peers, verbs)
        except ProtocolError as error:
            connection.send(compose("refused", {"reason": str(error)}), socket.MSG_NOSIGNAL)


def _answer(connection: socket.socket, peers: frozenset[int], verbs: Mapping[str, Verb]) -> None:
    _pid, uid, _gid = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    # Taken in any case: a connection that is closed with something unread is reset, and the reason with it.
    packet = connection.recv(MESSAGE_MAX + 1)
    if uid not in peers:
        raise ProtocolError("not for this user")
    message = parse(packet)
    verb = verbs.get(message.verb)
    if verb is None:
        raise ProtocolError("unknown verb")
    if message.required("v") != VERSION:
        raise ProtocolError("unknown version")
    if not verb.places.acquire(blocking=False):
        raise ProtocolError("busy")
    try:
        for packet in verb.answer(message):
            connection.send(packet, socket.MSG_NOSIGNAL)
    finally:
        verb.places.release()
