"""The relay without systemd: its socket is held here, and the process started when somebody asks."""

import os
import pwd
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any, Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.service.listener import own_listener
from rw2fa_daemon.service.loop import Loop

SOCKET_MODE: Final = 0o600
REST_SECONDS: Final = 1.0
"""After the end of a relay, before another is started: one that cannot run must not take the processor with it."""
END_SECONDS: Final = 1.0
"""What a relay is given to end with the daemon."""
NICENESS: Final = 5
"""As in rw2fa-relay.service: whoever waits for no message comes before those who wait for seconds anyway."""
RELAY_USERS: Final = ("rw2fa-relay", "nobody")
"""Whose rights it has if the daemon runs as root: its own user where there is one."""


class RelayKeeper:
    """Does for the relay what rw2fa-relay.socket does elsewhere.

    A socket that cannot be had, or that somebody listens at already, is no reason for the daemon not to start: whoever
    asks the relay is told.
    """

    def __init__(self, loop: Loop, path: Path) -> None:
        self._loop = loop
        self._path = path
        self._listener: socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(Problem):
            self._listener = own_listener(path, SOCKET_MODE)

    def start(self) -> None:
        """Begin to wait for whoever asks; who asks first has the relay started."""
        if self._listener is not None:
            self._loop.add_reader(self._listener.fileno(), self._asked, self._listener)

    def close(self) -> None:
        """End the relay and give the socket up."""
        if self._process is not None:
            self._let_go(self._process)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)
            self._process.kill()
            self._process.wait()
        if self._listener is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)

    def _asked(self, listener: socket) -> None:
        # The relay accepts from now on.
        self._loop.remove_reader(listener.fileno())
        try:
            process = self._process = _spawn(listener)
            ended = os.pidfd_open(process.pid)
        except OSError as error:
            sys.stderr.write(
                f"rw2fad: the relay cannot be started ({error.strerror}); look at the rights of its files\n"
            )
            self._loop.call_later(REST_SECONDS, self.start)
            return
        self._loop.add_reader(ended, self._ended, process, ended)

    def _ended(self, process: "subprocess.Popen[bytes]", ended: int) -> None:
        self._loop.remove_reader(ended)
        os.close(ended)
        self._let_go(process)
        process.wait()
        self._process = None
        self._loop.call_later(REST_SECONDS, self.start)

    @staticmethod
    def _let_go(process: "subprocess.Popen[bytes]") -> None:
        """The relay ends when its standard input does, which also happens when this process is killed."""
        if process.stdin is not None:
            process.stdin.close()


def _spawn(listener: socket) -> "subprocess.Popen[bytes]":
    arguments = ["--fd", str(listener.fileno()), "--peer", str(os.geteuid())]
    return subprocess.Popen(
        ["nice", "-n", str(NICENESS), sys.executable, "-I", "-m", "rw2fa_daemon.relay.main", *arguments],
        pass_fds=[listener.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd="/",
        # Nothing of what the daemon was told, least of all where its credentials are.
        env={"PATH": os.defpath},
        start_new_session=True,
        **_less_rights(),
    )


def _less_rights() -> dict[str, Any]:
    """Arguments of Popen that give away what root may."""
    if os.geteuid() != 0:
        return {}
    for name in RELAY_USERS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return {}
