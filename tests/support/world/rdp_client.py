"""A remote-desktop client at a real xrdp: FreeRDP, with the file that the portal sends, on a screen of its own."""

import re
import shutil
import subprocess
from typing import Final

from tests.support.closing import Closing
from tests.support.world.accounts import User
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

PORT: Final = 3389
_FILE: Final = "/run/rw2fa-world/desktop.rdp"
_DISPLAY: Final = ":99"
_CONFIGURATION: Final = "/etc/xrdp/xrdp.ini"
_CHANGED: Final = {"autorun": "Xvnc", "port": "3389", "EnableSyslog": "false"}
"""Settings of the host's own file: a client that gives a password gets a session of the X server that is installed."""


def _program() -> str:
    """The client, under the name that it has in Debian 12 or 13."""
    return "xfreerdp" if shutil.which("xfreerdp") else "xfreerdp3"


class RdpClient(Closing):
    """xrdp, and a screen for its clients."""

    def __init__(self, world: World) -> None:
        self.world = world
        text = world.read(_CONFIGURATION)
        for name, value in _CHANGED.items():
            text = re.sub(rf"^#?{name}=.*$", f"{name}={value}", text, count=1, flags=re.MULTILINE)
        world.write(_CONFIGURATION, text)
        self._xrdp = world.start("/usr/sbin/xrdp", "--nodaemon")
        self._screen = world.start("Xvnc", _DISPLAY, "-rfbport", "-1", "-SecurityTypes", "None", "-nolisten", "tcp")
        wait_until("xrdp", lambda: world.listens(PORT))
        wait_until("the client's screen", lambda: world.path(f"/tmp/.X11-unix/X{_DISPLAY[1:]}").exists())
        self._clients: list[subprocess.Popen[bytes]] = []

    def connect(self, file: bytes, user: User) -> subprocess.Popen[bytes]:
        """Open the file with this user's password."""
        self.world.path(_FILE).write_bytes(file)
        client = self.world.start(
            _program(),
            _FILE,
            f"/p:{user.password}",
            "/cert:ignore",
            environment={"DISPLAY": _DISPLAY, "HOME": "/root"},
        )
        self._clients.append(client)
        return client

    def close(self) -> None:
        for process in (*self._clients, self._screen, self._xrdp):
            if process.poll() is None:
                self.world.kill(process)
