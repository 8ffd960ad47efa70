"""A port of this host that leads to a server in a world: browsers run outside."""

import contextlib
import socket
import threading

from tests.support.closing import Closing
from tests.support.world.world import World

_CHUNK = 65_536


class Forward(Closing):
    """Listens at 127.0.0.1 and `port`, and connects each who comes to the port of the world."""

    def __init__(self, world: World, inside: int) -> None:
        self._world, self._inside = world, inside
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

    def _accept(self) -> None:
        while True:
            try:
                outside, _ = self._listener.accept()
            except OSError:
                return
            try:
                with self._lock:  # the world's control socket takes one request at a time
                    inside = self._world.connect(self._inside)
            except OSError:
                outside.close()
                continue
            for source, target in ((outside, inside), (inside, outside)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Bytes one way, until that way ends; the socket that was read is closed by the other way's end."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()
