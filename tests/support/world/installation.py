"""rw2fa in a world: the files that `make install` makes, the daemon in the foreground, the administrator's command."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.support.world.paths import REPOSITORY
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

CONFIG = "/etc/rw2fa/rw2fa.toml"
SOCKET = "/run/rw2fa/pam.sock"
STATE = "/var/lib/rw2fa"
DAEMON_LOG = "/run/rw2fa-world/rw2fad.log"

_READY_SECONDS = 60.0


def stage(folder: Path) -> Path:
    """`make install DESTDIR=folder`, for `World(layers=[folder])`. Raises AssertionError with what make said."""
    done = subprocess.run(
        ["make", "--no-print-directory", "install", f"DESTDIR={folder}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"make install ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return folder


class Installation:
    """rw2fa installed in one world."""

    def __init__(self, world: World) -> None:
        """Does what the package scripts and `rw2fa init` do after the files are there."""
        self.world = world
        self._daemon: subprocess.Popen[bytes] | None = None
        world.run("systemd-sysusers", "rw2fa.conf")
        world.run("systemd-tmpfiles", "--create", "rw2fa.conf")
        self.command("init")

    def command(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """`rw2fa ARGUMENTS`, as root."""
        return self.world.run("rw2fa", *arguments, stdin=stdin, check=check)

    def json(self, *arguments: str) -> Any:
        """What `rw2fa --json ARGUMENTS` prints."""
        return json.loads(self.command(*arguments, "--json").stdout)

    # The daemon

    @property
    def daemon_pid(self) -> int:
        """The daemon's process, in the opener's numbering."""
        if self._daemon is None:
            raise ProcessLookupError("the daemon was not started")
        return self.world.child_of(self._daemon)

    def start(self) -> None:
        """Starts the daemon and waits until it answers."""
        with self.world.path(DAEMON_LOG).open("ab") as log:
            self._daemon = self.world.start("rw2fad", "--config", CONFIG, output=log)
        daemon = self._daemon

        def answers() -> bool:
            if daemon.poll() is not None:
                raise AssertionError(f"the daemon ended with {daemon.returncode}:\n{self.world.read(DAEMON_LOG)}")
            return self.answers()

        wait_until("the daemon", answers, _READY_SECONDS)

    def answers(self) -> bool:
        """Whether the daemon answers `rw2fa status`."""
        return self.command("status", check=False).returncode == 0 and bool(self.json("status")["daemon"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends the daemon, and waits for its end."""
        if self._daemon is not None and self._daemon.poll() is None:
            self.world.kill(self._daemon, number)
        self._daemon = None

    def kill(self) -> None:
        """Kills the daemon at once, whatever it is doing."""
        self.stop(signal.SIGKILL)

    def is_running(self) -> bool:
        """Whether the daemon that was started still runs."""
        return self._daemon is not None and self._daemon.poll() is None

    def pause(self) -> None:
        """Suspends the daemon, so that it no longer answers (SIGSTOP)."""
        os.kill(self.daemon_pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Undoes `pause`. nsenter stopped along with its child, and wakes it when it is woken itself."""
        os.kill(self.daemon_pid, signal.SIGCONT)
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGCONT)
