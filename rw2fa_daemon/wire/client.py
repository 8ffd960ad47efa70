"""Asking the running daemon something, as root."""

import socket
from collections.abc import Mapping
from pathlib import Path

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import MESSAGE_MAX, ProtocolError, compose, parse


class NobodyListens(Problem):
    """No daemon runs, and no socket unit would start one."""


def ask_daemon(path: Path, verb: str, timeout: float = 3.0, fields: Mapping[str, str] | None = None) -> dict[str, str]:
    """The fields of the daemon's `report` to `verb`, one of those for root.

    `timeout` is seconds for each wait. Problem if nobody answers at the socket, `NobodyListens` if nobody could.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            connection.send(compose(verb, fields or {}))
            report = parse(connection.recv(MESSAGE_MAX + 1))
    except (OSError, ProtocolError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or "no answer"
        kind = NobodyListens if isinstance(error, FileNotFoundError | ConnectionRefusedError) else Problem
        raise kind(
            f"the daemon does not answer at {path} ({reason})", "start it with `systemctl start rw2fad.socket rw2fad`"
        ) from error
    if report.verb != "report":
        raise Problem("the daemon refused to answer", "run this command as root")
    return dict(report.fields)
