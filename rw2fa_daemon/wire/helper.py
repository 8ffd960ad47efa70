"""What the daemon's helper programs have in common: arguments, socket, limits."""

import argparse
import os
import pwd
import resource
import socket
import sys
import threading
from collections.abc import Mapping
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.activation import passed_listener
from rw2fa_daemon.wire.serving import IDLE_SECONDS, STACK_BYTES, Verb, serve

DAEMON_USER: Final = "rw2fa"
ROOT_UID: Final = 0


def run(name: str, description: str, verbs: Mapping[str, Verb]) -> int:
    """Serve as the program `name`, at the socket of its unit, until idle; 0 then, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument(
        "--fd",
        type=int,
        help="descriptor of the listening socket, where systemd passes none; it then ends with its standard input",
    )
    parser.add_argument("--peer", type=int, help=f"uid that may ask besides root; by default that of {DAEMON_USER}")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds without a request before it ends")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    threading.stack_size(STACK_BYTES)
    threading.excepthook = lambda failed: _say_where(name, failed)
    try:
        listener = _listener(name, options.fd)
    except Problem as problem:
        sys.stderr.write(f"{name}: {problem}\n")
        return 1
    peers = frozenset({ROOT_UID, _daemon_uid() if options.peer is None else options.peer})
    serve(listener, peers, verbs, options.idle, leash=None if options.fd is None else sys.stdin.fileno())
    return 0


def _say_where(name: str, failed: threading.ExceptHookArgs) -> None:
    """Say only the type and place of an error: its text may quote a request."""
    trace = failed.exc_traceback
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    sys.stderr.write(f"{name}: {failed.exc_type.__name__}{where}\n")


def _listener(name: str, descriptor: int | None) -> socket.socket:
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    if (listener := passed_listener(f"{name}.socket")) is None:
        raise Problem("nobody passed a socket", f"do not start this by hand: run `systemctl start {name}.socket`")
    return listener


def _daemon_uid() -> int:
    try:
        return pwd.getpwnam(DAEMON_USER).pw_uid
    except KeyError:
        return ROOT_UID
