"""A daemon for the hook's tests that sends exactly what a test tells it to, valid or not.

    with ScriptedDaemon(folder, [Expect("open"), Send(end("SUCCESS", rule="code-right")), Close()]) as daemon:
        ...                                  # run a PAM transaction with socket=daemon.socket
    assert daemon.received[0].fields["user"] == "alice"

Each connection runs the script from its start, in one thread, one connection after the other. Nothing here shares code
with the real daemon or with the hook: a mistake in one of them would hide in both.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = [
    "Close",
    "Expect",
    "Packet",
    "ScriptedDaemon",
    "Send",
    "Step",
    "Wait",
    "ask",
    "compose",
    "end",
]

#: How long a script waits for a message of the hook before it counts as broken.
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Packet:
    """One message of the hook: its bytes, and its parts."""

    raw: bytes
    verb: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes) -> Packet:
        """Raises ValueError where the bytes are not a message of docs/protocol.md."""
        verb, *parts = raw.decode("utf-8", "surrogateescape").split("\0")
        fields: dict[str, str] = {}
        for part in parts:
            key, separator, value = part.partition("=")
            if not separator or not key or key in fields:
                raise ValueError(f"not a field, or twice: {part!r}")
            fields[key] = value
        return cls(raw, verb, fields)


def compose(verb: str, **fields: str | int) -> bytes:
    """The bytes of a message."""
    parts = [verb, *(f"{key}={value}" for key, value in fields.items())]
    return "\0".join(parts).encode("utf-8", "surrogateescape")


def ask(n: int = 1, text: str = "Code: ", form: str = "digits:6-6", style: str = "echo") -> bytes:
    """An `ask`."""
    return compose("ask", n=n, style=style, text=text, form=form)


def end(rc: str, rule: str = "test", **fields: str | int) -> bytes:
    """An `end`."""
    return compose("end", rc=rc, rule=rule, **fields)


@dataclass(frozen=True)
class Expect:
    """Receive one message, which must have this verb."""

    verb: str


@dataclass(frozen=True)
class Send:
    """Send these bytes as one packet (none at all: an empty packet), or what a function makes of the last message."""

    packet: bytes | Callable[[Packet], bytes]


@dataclass(frozen=True)
class Wait:
    """Do nothing for a while."""

    seconds: float


@dataclass(frozen=True)
class Close:
    """Close the connection; the end of a script does so too."""


Step = Expect | Send | Wait | Close


class ScriptedDaemon:
    """Listens on `folder`/pam.sock until the end of the block, where an exception of a script comes out."""

    def __init__(self, folder: Path, script: Sequence[Step] = (), *, backlog: int = 16, accept: bool = True) -> None:
        self.socket = folder / "pam.sock"
        self.script = tuple(script)
        self.received: list[Packet] = []
        self.connections = 0
        self.closed = threading.Event()  # set each time that a connection is closed on this side
        self._error: BaseException | None = None
        self._stop = threading.Event()
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(os.fspath(self.socket))
        self.listener.listen(backlog)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._accepts = accept

    def __enter__(self) -> Self:
        if self._accepts:
            self.start()
        return self

    def start(self) -> None:
        """Start accepting, if `accept=False` has deferred that."""
        self._accepts = True
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._accepts:
            self._thread.join(PATIENCE_SECONDS)
        self.listener.close()
        self.socket.unlink(missing_ok=True)
        if self._error is not None and error is None:
            raise self._error

    def _serve(self) -> None:
        self.listener.settimeout(0.02)
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection:
                    try:
                        self._run(connection)
                    except BaseException as error:  # noqa: BLE001  # the thread of the test raises it
                        self._error = error
                self.closed.set()

    def _run(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE_SECONDS)
        last = Packet(b"")
        for step in self.script:
            match step:
                case Expect(verb):
                    last = Packet.parse(connection.recv(1 << 17))
                    self.received.append(last)
                    if last.verb != verb:
                        raise AssertionError(f"the hook sent {last.raw!r} where {verb} was expected")
                case Send(packet):
                    # A hook that has given up is what some tests are about.
                    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                        connection.send(packet(last) if callable(packet) else packet)
                case Wait(seconds):
                    time.sleep(seconds)
                case Close():
                    return
        connection.settimeout(PATIENCE_SECONDS)
        with contextlib.suppress(ConnectionResetError):
            if connection.recv(1 << 17) != b"":
                raise AssertionError("the hook sent more than the script expects")

    def values(self) -> list[str]:
        """The replies: values as they are, the reason for a missing one in angle brackets."""
        replies = [packet.fields for packet in self.received if packet.verb == "reply"]
        return [reply.get("value", f"<{reply.get('none')}>") for reply in replies]
