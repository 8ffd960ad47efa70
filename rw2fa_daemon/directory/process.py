"""One worker process as the pool sees it: a socket and a process."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rw2fa_daemon.directory import packet
from rw2fa_daemon.directory.loop import Loop

_PROGRAM = Path(__file__).with_name("worker.py")
_ARGUMENTS = ("-I", "-S", "-X", "utf8", str(_PROGRAM))
# Environment variables that systemd sets for the daemon only.
_NOT_FOR_WORKERS = frozenset(
    {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}
    | {"CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM", "MAINPID"}
)
_receive_buffer = bytearray(packet.ANSWER_BYTES_MAX)


class WorkerProcess:
    """Starts a worker; `on_packet(self, packet)` gets each packet from it, an empty one when it has ended.

    Raises OSError if no process can be started.
    """

    def __init__(self, loop: Loop, on_packet: Callable[["WorkerProcess", bytes], None]) -> None:
        self._loop = loop
        self._on_packet = on_packet
        self.has_answered = False
        self.idle_since = 0.0
        self._socket, others_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with others_end:
            others_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, packet.ANSWER_BYTES_MAX)
            self._socket.setblocking(False)
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    [sys.executable, *_ARGUMENTS],
                    stdin=others_end.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd="/",
                    env={name: value for name, value in os.environ.items() if name not in _NOT_FOR_WORKERS},
                    start_new_session=True,
                )
            except OSError:
                self._socket.close()
                raise
        loop.add_reader(self._socket.fileno(), self._readable)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, question: bytes) -> bool:
        """Whether it was sent; never blocks."""
        try:
            self._socket.send(question)
        except OSError:
            return False
        return True

    def end(self) -> None:
        """Kills it and closes its socket. No more packets come from it."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._process.kill()

    def is_gone(self) -> bool:
        """Whether the ended process has left the process table; call this until it has."""
        return self._process.poll() is not None

    def wait(self, seconds: float) -> None:
        """Waits up to `seconds` for an ended process; one that the kernel cannot kill yet is left to init."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def _readable(self) -> None:
        try:
            length = self._socket.recv_into(_receive_buffer)
        except BlockingIOError:
            return
        except OSError:
            length = 0
        self._on_packet(self, bytes(memoryview(_receive_buffer)[:length]))
