"""The datagram socket that journald listens on, reconnected after its restarts."""

import socket
import time
from pathlib import Path

JOURNAL_SOCKET = Path("/run/systemd/journal/socket")
RECONNECT_SECONDS = 1.0
"""How long to wait before looking again for a journal that was absent."""
_SEND_BUFFER = 8 << 20


class JournalSocket:
    """Sends datagrams, or says that it could not; it never waits and never raises."""

    def __init__(self, path: Path = JOURNAL_SOCKET) -> None:
        self._path = str(path)
        self._socket: socket.socket | None = None
        self._connect_not_before = 0.0

    def is_there(self) -> bool:
        """Whether there is a socket to send to; it may turn out that nothing listens on it any more."""
        return self._socket is not None or self._connect()

    def send(self, datagram: bytes) -> bool:
        """Whether journald's queue has it now."""
        for _ in range(2):  # the second time on a new socket: journald may have been restarted since
            if not self.is_there():
                return False
            try:
                self._connected.send(datagram, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return False  # its queue is full: it is running, but behind
            except OSError:
                self.close()
            else:
                return True
        return False

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    @property
    def _connected(self) -> socket.socket:
        assert self._socket is not None
        return self._socket

    def _connect(self) -> bool:
        now = time.monotonic()
        if now < self._connect_not_before:
            return False
        new = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            new.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            new.connect(self._path)
        except OSError:
            new.close()
            self._connect_not_before = now + RECONNECT_SECONDS
            return False
        self._socket = new
        return True
