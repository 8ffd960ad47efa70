"""A relay of its own for each test that wants one."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

Start = Callable[..., "Relay"]


@dataclass
class Relay:
    """A running relay and where it listens; the listening socket stays open here, as it does with systemd."""

    path: Path
    listener: socket.socket
    process: "subprocess.Popen[bytes]"
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    said: Path
    """What it wrote to its standard error."""

    def start_again(self) -> None:
        """What whoever holds the socket does when the next request comes."""
        self.end()
        self.process = spawn(self.listener, self.arguments, self.environment, self.said)

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.communicate()


def spawn(
    listener: socket.socket, arguments: tuple[str, ...], environment: Mapping[str, str], said: Path
) -> "subprocess.Popen[bytes]":
    with said.open("ab") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "rw2fa_daemon.relay.main", "--fd", str(listener.fileno()), *arguments],
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment},
        )


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Starts relays whose sockets lie in a folder, and ends them; only this process's uid may ask, and root."""
    with ExitStack() as stack:

        def start(*arguments: str, environment: Mapping[str, str] | None = None) -> Relay:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            path = folder / "relay.sock"
            listener.bind(str(path))
            listener.listen()
            listener.set_inheritable(True)
            all_arguments = ("--peer", str(os.geteuid()), *arguments)
            given, said = environment or {}, folder / "said"
            relay = Relay(path, listener, spawn(listener, all_arguments, given, said), all_arguments, given, said)
            stack.callback(relay.end)
            return relay

        yield start


@pytest.fixture
def start_relay(tmp_path: Path) -> Iterator[Start]:
    """Starts a relay with these arguments."""
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def relay(start_relay: Start) -> Relay:
    return start_relay()
