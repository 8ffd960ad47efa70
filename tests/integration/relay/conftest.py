"""A relay of its own for each test that wants one."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
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

    def start_again(self) -> None:
        """What whoever holds the socket does when the next request comes."""
        self.end()
        self.process = spawn(self.listener, self.arguments)

    def end(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.communicate()


def spawn(listener: socket.socket, arguments: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "rw2fa_daemon.relay.main", "--fd", str(listener.fileno()), *arguments],
        pass_fds=[listener.fileno()],
        stdin=subprocess.PIPE,
    )


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Starts relays whose sockets lie in a folder, and ends them; only this process's uid may ask, and root."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Relay:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            path = folder / "relay.sock"
            listener.bind(str(path))
            listener.listen()
            listener.set_inheritable(True)
            all_arguments = ("--peer", str(os.geteuid()), *arguments)
            relay = Relay(path, listener, spawn(listener, all_arguments), all_arguments)
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
