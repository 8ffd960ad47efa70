"""The socket: which peers may connect, how many at once, and how long they may be silent."""

import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.service.connection import ROOT_UID, Connection, ConnectionCallbacks
from rw2fa_daemon.service.loop import Loop, Timer
from rw2fa_daemon.wire.login import read_open
from rw2fa_daemon.wire.message import Message, ProtocolError

CONNECTIONS_MAX: Final = 4_096
STRANGERS_MAX: Final = 256
"""Connections of all uids but root; the rest of the places is root's, for login programs."""

CONNECTIONS_PER_STRANGER: Final = 16
"""Connections of one uid that is not root."""

ACCEPTS_A_TURN: Final = 64
IDLE_SECONDS: Final = 5 * 60
SWEEP_SECONDS: Final = 5.0

_UCRED: Final = struct.Struct("iII")
"""struct ucred: pid, uid, gid (unix(7))."""

RootVerb = Callable[[Connection, Message], None]


class Admit(Protocol):
    """Decides about a login; `alone` is whether no other connection is open."""

    def __call__(self, connection: Connection, login: Login, /, *, alone: bool) -> None: ...


class Server:
    """Accepts connections, and passes the first message of each on.

    `answered` gets each message that is sent, and the seconds since the one that it answers.
    """

    def __init__(
        self,
        loop: Loop,
        listener: socket.socket,
        *,
        admit: Admit,
        root_verbs: Mapping[str, RootVerb],
        audit: Callable[[Record], None],
        answered: Callable[[bytes, float], None],
    ) -> None:
        self._loop = loop
        self._admit = admit
        self._root_verbs = root_verbs
        self._callbacks = ConnectionCallbacks(self._take_first, self.forget, audit, answered, loop.time)
        self._listener = listener
        self._connections: set[Connection] = set()
        self._strangers: Counter[int] = Counter()
        self._sweeper: Timer | None = None

    @property
    def connections(self) -> int:
        """How many conversations are under way."""
        return len(self._connections)

    def start(self) -> None:
        """Begin to accept."""
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener.fileno(), self._accept)
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def stop_accepting(self) -> None:
        """Leave new connections to the next daemon; those that are open go on."""
        self._loop.remove_reader(self._listener.fileno())

    def close(self) -> None:
        """End every conversation and let go of the listening socket."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._connections):
            self.forget(connection)
        self._listener.close()

    def forget(self, connection: Connection) -> None:
        """Close a connection and give its place back; a second time does nothing."""
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        # The two know each other; apart, both go at once, with what they hold, and leave nothing to the collector.
        connection.partner = None
        if connection.uid != ROOT_UID:
            self._strangers[connection.uid] -= 1
            self._strangers += Counter()  # drops uids without connections
        self._loop.forget_reader(connection.sock.fileno())
        connection.sock.close()

    def _take_first(self, connection: Connection, message: Message) -> None:
        verb = self._root_verbs.get(message.verb)
        if verb is None:
            self._admit(connection, read_open(message), alone=len(self._connections) == 1)
        elif connection.uid == ROOT_UID:
            connection.busy = True
            verb(connection, message)
        else:
            raise ProtocolError("a verb for root only")

    def _accept(self) -> None:
        for _ in range(ACCEPTS_A_TURN):
            try:
                # Without what socket.accept() finds out about each: it is of the listener's kind.
                fd, _address = self._listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # Out of descriptors or memory: what waits stays in the backlog until some are back.
                self.stop_accepting()
                self._loop.call_later(1.0, self._loop.add_reader, self._listener.fileno(), self._accept)
                return
            self._welcome(socket.SocketType(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, fd))

    def _welcome(self, sock: socket.SocketType) -> None:
        try:
            pid, uid, _gid = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        except OSError:
            sock.close()
            return
        if not self._has_place(uid):
            sock.close()
            return
        connection = Connection(self._callbacks, sock, pid, uid)
        self._connections.add(connection)
        if uid != ROOT_UID:
            self._strangers[uid] += 1
        self._loop.add_reader(sock.fileno(), connection.readable)
        # The hook sends at once after connecting: mostly this saves a turn of the loop.
        connection.readable()

    def _has_place(self, uid: int) -> bool:
        if len(self._connections) >= CONNECTIONS_MAX:
            return False
        if uid == ROOT_UID:
            return True
        return self._strangers[uid] < CONNECTIONS_PER_STRANGER and self._strangers.total() < STRANGERS_MAX

    def _sweep(self) -> None:
        oldest = self._loop.time() - IDLE_SECONDS
        for connection in [known for known in self._connections if known.last_heard < oldest and not known.busy]:
            connection.broken("silent for too long")
        self._sweeper = self._loop.call_later(SWEEP_SECONDS, self._sweep)
