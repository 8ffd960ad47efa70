"""Helpers without systemd: the daemon holds their sockets, and starts a helper at its first request."""

import os
import pwd
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.service.listener import own_listener
from rw2fa_daemon.service.loop import Loop

SOCKET_MODE: Final = 0o600
REST_SECONDS: Final = 1.0
"""After the end of a helper, before another is started: one that cannot run must not take the processor with it."""
END_SECONDS: Final = 1.0
"""What a helper is given to end with the daemon."""
NICENESS: Final = 5
"""As in their units: a login comes before what takes seconds anyway."""


@dataclass(frozen=True, slots=True)
class Helper:
    """A program of ours. `users`: whose rights it has if the daemon runs as root, its own user where there is one."""

    name: str
    module: str
    users: tuple[str, ...]


RELAY: Final = Helper("relay", "rw2fa_daemon.relay.main", ("rw2fa-relay", "nobody"))
NOTIFIER: Final = Helper("notifier", "rw2fa_daemon.notify.main", ("rw2fa-notify", "nobody"))


class HelperKeeper:
    """Does for a helper what its socket unit does elsewhere.

    The daemon starts even if a socket cannot be made or is taken: requests to the helper then fail with the reason.
    """

    def __init__(self, loop: Loop, helper: Helper, path: Path) -> None:
        self._loop = loop
        self._helper = helper
        self._path = path
        self._listener: socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(Problem):
            self._listener = own_listener(path, SOCKET_MODE)

    def start(self) -> None:
        """Begin to wait for the first request, which starts the helper."""
        if self._listener is not None:
            self._loop.add_reader(self._listener.fileno(), self._asked, self._listener)

    def close(self) -> None:
        """End the helper and give the socket up."""
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
        # The helper accepts from now on.
        self._loop.remove_reader(listener.fileno())
        try:
            process = self._process = _spawn(self._helper, listener)
            ended = os.pidfd_open(process.pid)
        except OSError as error:
            sys.stderr.write(
                f"rw2fad: the {self._helper.name} cannot be started ({error.strerror}); "
                "look at the rights of its files\n"
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
        """The helper ends when its standard input does, which also happens when this process is killed."""
        if process.stdin is not None:
            process.stdin.close()


def _spawn(helper: Helper, listener: socket) -> "subprocess.Popen[bytes]":
    arguments = ["--fd", str(listener.fileno()), "--peer", str(os.geteuid())]
    return subprocess.Popen(
        ["nice", "-n", str(NICENESS), sys.executable, "-I", "-m", helper.module, *arguments],
        pass_fds=[listener.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd="/",
        # Nothing of what the daemon was told, least of all where its credentials are.
        env={"PATH": os.defpath},
        start_new_session=True,
        **_less_rights(helper.users),
    )


def _less_rights(users: Iterable[str]) -> dict[str, Any]:
    """Arguments of Popen that give away what root may."""
    if os.geteuid() != 0:
        return {}
    for name in users:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return {}
