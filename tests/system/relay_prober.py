"""Runs in place of the relay, in its very unit: what it must not be able to do, and what it must.

Beside what prober.py tries. Prints one JSON object, as that does.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import pwd
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# -I, as in the unit, leaves the script's own folder out.
sys.path.insert(0, str(Path(__file__).parent))

from prober import ATTEMPTS, attempt, connect, status  # type: ignore[import-not-found]  # beside it, where it runs


def listen(family: socket.AddressFamily, address: str) -> None:
    """Take a port that others could send to."""
    with socket.socket(family, socket.SOCK_DGRAM) as door:
        door.bind((address, 5353))


def serve(family: socket.AddressFamily, address: str) -> None:
    """Take a port that others could connect to."""
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.bind((address, 8443))
        door.listen()


def call(family: socket.AddressFamily, address: str) -> None:
    """Connect; nobody there is an answer too."""
    with socket.socket(family, socket.SOCK_STREAM) as door, suppress(ConnectionRefusedError):
        door.connect((address, 9))


def trust() -> None:
    """Read the host's certificate authorities."""
    context = ssl.create_default_context()
    context.load_verify_locations("/etc/ssl/certs/ca-certificates.crt")
    if not context.get_ca_certs():
        raise FileNotFoundError(errno.ENOENT, "none")


def send(family: socket.AddressFamily, address: str) -> None:
    """Send a packet."""
    with socket.socket(family, socket.SOCK_DGRAM) as door:
        door.connect((address, 9))
        door.send(b"x")


REFUSED: dict[str, Callable[[], object]] = {
    **{
        name: action
        for name, action in ATTEMPTS.items()
        if name.startswith(("write ", "read ", "become ", "join ", "change ", "set ", "raise ", "take ", "signal "))
        or name in {"AF_NETLINK", "AF_PACKET", "AF_VSOCK", "map memory that can be written and run"}
        or name in {"run what it wrote to /tmp", "run what it wrote to /var/tmp", "run what it wrote to the state"}
    },
    "look into the state": lambda: list(Path("/var/lib/rw2fa").iterdir()),
    "look into the configuration": lambda: list(Path("/etc/rw2fa").iterdir()),
    "look into the credentials": lambda: list(Path("/run/credentials").iterdir()),
    "read its key": Path("/run/credentials/rw2fad.service/rw2fa.master-key").read_text,
    "reach the verifier": lambda: connect("/run/rw2fa/pam.sock", socket.SOCK_SEQPACKET),
    "listen on IPv4": lambda: listen(socket.AF_INET, "0.0.0.0"),
    "listen on IPv6": lambda: listen(socket.AF_INET6, "::"),
    "serve over IPv4": lambda: serve(socket.AF_INET, "0.0.0.0"),
    "serve over IPv6": lambda: serve(socket.AF_INET6, "::"),
}
NEEDED: dict[str, Callable[[], object]] = {
    "AF_UNIX": ATTEMPTS["AF_UNIX"],
    "send over IPv4": lambda: send(socket.AF_INET, "127.0.0.1"),
    "make an IPv6 socket": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "resolve a name": lambda: socket.getaddrinfo("localhost", 123),
    "connect over IPv4": lambda: call(socket.AF_INET, "127.0.0.1"),
    "load what sends": lambda: importlib.import_module("rw2fa_daemon.relay.sms_verbs"),
    "read the certificate authorities": trust,
}


def main() -> None:
    """Try everything, print what came of it."""
    shown: dict[str, object] = {name: attempt(action) for name, action in {**REFUSED, **NEEDED}.items()}
    shown["user"] = pwd.getpwuid(os.getuid()).pw_name
    shown |= {field: status(field) for field in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")}
    print("PROBED " + json.dumps(shown), flush=True)


if __name__ == "__main__":
    main()
