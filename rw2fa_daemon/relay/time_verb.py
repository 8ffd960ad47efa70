"""The verb `time`: what time servers say about this host's clock."""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.core.time_server import SERVERS_MAX, parse
from rw2fa_daemon.relay import ntp
from rw2fa_daemon.relay.reply import Reading
from rw2fa_daemon.wire.message import Message, ProtocolError, compose
from rw2fa_daemon.wire.relay import TIMEOUT_MAX

ASKING_MAX: Final = 32
"""Servers that are being asked for all requests together. The resolver cannot be interrupted: one that hangs keeps
its place after the answer without it has left."""

_places = threading.BoundedSemaphore(ASKING_MAX)


def answer(message: Message) -> Iterator[bytes]:
    """A `server` for each address that was asked, or for a server that has none, as they come, then `done`.

    ProtocolError for fields that are missing or out of bounds.
    """
    servers, seconds = _request(message)
    deadline = time.monotonic() + seconds
    said: queue.SimpleQueue[tuple[str, ntp.Outcome | None]] = queue.SimpleQueue()
    unfinished = set()
    for server in servers:
        if not _places.acquire(blocking=False):
            yield _packet(server, ("", "too many servers are being asked at once"))
            continue
        unfinished.add(server)
        threading.Thread(target=_ask, args=(server, deadline, said), daemon=True).start()
    while unfinished:
        try:
            # A thread that kept to the deadline has reported a moment after it.
            server, outcome = said.get(timeout=max(0.0, deadline - time.monotonic()) + _GRACE_SECONDS)
        except queue.Empty:
            break
        if outcome is None:
            unfinished.discard(server)
        else:
            yield _packet(server, outcome)
    for server in sorted(unfinished):
        yield _packet(server, ("", "its name is not resolved in time"))
    yield compose("done", {})


_GRACE_SECONDS: Final = 0.2


def _request(message: Message) -> tuple[list[str], float]:
    servers = list(dict.fromkeys(message.required("servers").split(",")))
    if len(servers) > SERVERS_MAX:
        raise ProtocolError("too many servers")
    try:
        for server in servers:
            parse(server)
        seconds = float(message.required("timeout"))
    except ValueError as error:
        raise ProtocolError("no server, or no number") from error
    if not 0 < seconds <= TIMEOUT_MAX:
        raise ProtocolError("timeout out of bounds")
    return servers, seconds


def _ask(server: str, deadline: float, said: "queue.SimpleQueue[tuple[str, ntp.Outcome | None]]") -> None:
    try:
        try:
            addresses = ntp.resolve(*parse(server))
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, socket.gaierror) and error.strerror else str(error)
            said.put((server, ("", f"its name has no address ({reason})")))
        else:
            for outcome in ntp.ask(addresses, deadline):
                said.put((server, outcome))
    finally:
        _places.release()
        said.put((server, None))


def _packet(server: str, outcome: ntp.Outcome) -> bytes:
    address, what = outcome
    fields = {"name": server, "address": address}
    if isinstance(what, Reading):
        fields |= {
            "offset": f"{what.offset:.6f}",
            "distance": f"{what.distance:.6f}",
            "delay": f"{what.delay:.6f}",
            "stratum": str(what.stratum),
        }
    else:
        fields["problem"] = what
    return compose("server", fields)
