"""Asking the relay, the one process with a network (docs/protocol.md, "The relay")."""

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.clock import Answer
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import MESSAGE_MAX, VERSION, Message, ProtocolError, compose, parse

TIMEOUT_MAX: Final = 10.0
"""Seconds that servers may be given to answer."""
START_SECONDS: Final = 3.0
"""Waited beside that: the relay may have to be started first, and the machine may be busy."""
PACKETS_MAX: Final = 128
"""Packets of one answer."""
_RETRY_SECONDS: Final = 0.02


def ask_time(path: Path, servers: Sequence[str], seconds: float) -> tuple[Answer, ...]:
    """What time servers (SERVERS_MAX at most) answer within `seconds`.

    Problem if no relay answers.
    """
    fields = {"servers": ",".join(servers), "timeout": f"{seconds:g}"}
    packets = ask_relay(path, "time", fields, seconds + START_SECONDS)
    return tuple(_answer(message) for message in packets if message.verb == "server")


class Lost(Problem):
    """The relay took a request, and was not heard to the end: what was asked for may have been done."""


def ask_relay(path: Path, verb: str, fields: Mapping[str, str], seconds: float) -> list[Message]:
    """The messages of an answer before its `done`; Problem if the request is refused, or never taken.

    Lost if the answer is not there within `seconds`.
    """
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        kind: type[Problem] = Problem
        try:
            connection.settimeout(seconds)
            _connect(connection, path, deadline)
            connection.send(compose(verb, {**fields, "v": VERSION}))
            kind = Lost
            return list(_answers(connection, deadline))
        except (OSError, ProtocolError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or "no answer"
            raise kind(
                f"the relay does not answer at {path} ({reason})", "start it with `systemctl start rw2fa-relay.socket`"
            ) from error


def _connect(connection: socket.socket, path: Path, deadline: float) -> None:
    while True:
        try:
            connection.connect(str(path))
        except BlockingIOError:  # many ask at once: the backlog is full
            if time.monotonic() + _RETRY_SECONDS > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _answers(connection: socket.socket, deadline: float) -> Iterator[Message]:
    for _ in range(PACKETS_MAX):
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        message = parse(connection.recv(MESSAGE_MAX + 1))
        if message.verb == "done":
            return
        if message.verb == "refused":
            raise Problem(
                f"the relay refused: {message.fields.get('reason', 'no reason')}",
                "run this as root, or try again later",
            )
        yield message
    raise ProtocolError("an endless answer")


def _answer(message: Message) -> Answer:
    fields = message.fields
    server, address = fields.get("name", ""), fields.get("address", "")
    try:
        if "problem" in fields:
            return Answer(server, address, problem=fields["problem"])
        offset, distance = float(message.required("offset")), float(message.required("distance"))
        return Answer(server, address, offset, distance, int(message.required("stratum")))
    except ValueError as error:
        raise ProtocolError("no number") from error
