"""The socket: who is let in, how many, and how long a silent one may stay."""

import secrets
import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from rw2fa_daemon.audit.sink import Sink
from rw2fa_daemon.core.audit import Record
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.password_spraying import SprayingDetector
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import SmsRandomness
from rw2fa_daemon.directory.pool import Pool
from rw2fa_daemon.service.admission import admit
from rw2fa_daemon.service.batcher import Batcher
from rw2fa_daemon.service.connection import ROOT_UID, Connection
from rw2fa_daemon.service.hashing import HashingPool
from rw2fa_daemon.service.loop import Loop, Timer
from rw2fa_daemon.service.membership_memory import MembershipMemory
from rw2fa_daemon.service.metrics import Metrics
from rw2fa_daemon.service.notifier import Notifier
from rw2fa_daemon.service.pieces import Pieces
from rw2fa_daemon.service.relay_client import RelayClient
from rw2fa_daemon.service.remote_batcher import RemoteBatcher
from rw2fa_daemon.service.rules import Rules
from rw2fa_daemon.service.sms_sender import SmsSender
from rw2fa_daemon.service.state import State
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

SMS_LOGIN_BYTES: Final = 16

_UCRED: Final = struct.Struct("iII")
"""struct ucred: pid, uid, gid (unix(7))."""

RootVerb = Callable[[Connection, Message], None]


class Server:
    """Accepts connections and holds what they share."""

    def __init__(
        self,
        loop: Loop,
        listener: socket.socket,
        *,
        rules: Rules,
        state: State,
        directory: Pool,
        sink: Sink,
        relay: RelayClient,
        notifier: Notifier,
        root_verbs: Mapping[str, RootVerb],
    ) -> None:
        self.loop = loop
        self.rules = rules
        self.state = state
        self.directory = directory
        self.membership_memory = MembershipMemory(loop, state)
        self.batcher = (
            Batcher(loop, state, self.membership_memory.changed)
            if state.executor.here
            else RemoteBatcher(loop, state, self.membership_memory.changed, state.executor)
        )
        self.hashing = HashingPool(loop)
        self.pieces: Pieces[int] = Pieces(loop)
        self.code_cache = CodeCache()
        self.sms_randomness = SmsRandomness(_fresh_sms_code, _fresh_sms_login, state.sms_code_digest)
        self._root_verbs = root_verbs
        self.metrics = Metrics()
        self.spraying = SprayingDetector()
        self.audit: Callable[[Record], None] = notifier.watching(
            self.spraying.watching(self.metrics.counting(sink.write))
        )
        self.sms = SmsSender(loop, self.batcher, relay, self.audit)
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
        self.loop.add_reader(self._listener.fileno(), self._accept)
        self._sweeper = self.loop.call_later(SWEEP_SECONDS, self._sweep)

    def greet(self, connection: Connection, message: Message) -> None:
        """Take the first message of a connection; ProtocolError if it is none to begin with."""
        verb = self._root_verbs.get(message.verb)
        if verb is None:
            admit(connection, read_open(message))
        elif connection.uid == ROOT_UID:
            connection.busy = True
            verb(connection, message)
        else:
            raise ProtocolError("a verb for root only")

    def stop_accepting(self) -> None:
        """Leave new connections to whoever listens next; those that are under way go on."""
        self.loop.remove_reader(self._listener.fileno())

    def close(self) -> None:
        """End every conversation and let go of the listening socket."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._connections):
            self.forget(connection)
        self._listener.close()
        self.membership_memory.settle()
        self.hashing.close()

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
        self.loop.forget_reader(connection.sock.fileno())
        connection.sock.close()

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
                self.loop.call_later(1.0, self.loop.add_reader, self._listener.fileno(), self._accept)
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
        connection = Connection(self, sock, pid, uid, self.loop.time())
        self._connections.add(connection)
        if uid != ROOT_UID:
            self._strangers[uid] += 1
        self.loop.add_reader(sock.fileno(), connection.readable)
        # The hook sends at once after connecting: mostly this saves a turn of the loop.
        connection.readable()

    def _has_place(self, uid: int) -> bool:
        if len(self._connections) >= CONNECTIONS_MAX:
            return False
        if uid == ROOT_UID:
            return True
        return self._strangers[uid] < CONNECTIONS_PER_STRANGER and self._strangers.total() < STRANGERS_MAX

    def _sweep(self) -> None:
        oldest = self.loop.time() - IDLE_SECONDS
        for connection in [known for known in self._connections if known.last_heard < oldest and not known.busy]:
            connection.broken("silent for too long")
        self._sweeper = self.loop.call_later(SWEEP_SECONDS, self._sweep)


def _fresh_sms_code(digits: int) -> Secret:
    return Secret(f"{secrets.randbelow(10**digits):0{digits}d}".encode())


def _fresh_sms_login() -> bytes:
    return secrets.token_bytes(SMS_LOGIN_BYTES)
