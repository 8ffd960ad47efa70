"""A port of this host that leads to a server in a world: browsers run outside."""

import contextlib
import socket
import threading
import time

from tests.support.closing import Closing
from tests.support.world.world import World

_CHUNK = 65_536


class Forward(Closing):
    """Listens at 127.0.0.1 and `port`, and connects each who comes to the port of the world.

    `delay`: seconds that what is sent takes on its way, each way.
    """

    def __init__(self, world: World, inside: int, delay: float = 0.0) -> None:
        self._world, self._inside, self._delay = world, inside, delay
        self._cut = False
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        # A thread in accept(2) does not see its socket closed.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join(timeout=10)
        self._listener.close()

    def cut(self) -> None:
        """End all connections, and take no others until `mend`: a laptop that sleeps, or a cable that was pulled."""
        self._cut = True
        with self._lock:
            for end in list(self._ends):
                _end(end)

    def mend(self) -> None:
        """Take connections again."""
        self._cut = False

    def _accept(self) -> None:
        while True:
            try:
                outside, _ = self._listener.accept()
            except OSError:
                return
            inside = self._reach(outside)
            if inside is None:
                outside.close()
                continue
            for source, target in ((outside, inside), (inside, outside)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _reach(self, outside: socket.socket) -> socket.socket | None:
        """A connection to the server for who came, None where there is none to be had."""
        with self._lock:  # the world's control socket takes one request at a time
            if self._cut:
                return None
            try:
                inside = self._world.connect(self._inside)
            except OSError:
                return None
            self._ends |= {outside, inside}
            return inside

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        """Bytes one way, until that way ends; the socket that was read is closed by the other way's end."""
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                time.sleep(self._delay)
                target.sendall(chunk)
        for end in (source, target):
            _end(end)
        with self._lock:
            self._ends.discard(source)
        source.close()


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
