"""The web portal in a world, as systemd starts it: prepared by root, then run by a user that has no rights."""

import http.client
import ssl
import subprocess
import threading
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from tests.support.closing import Closing
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

PORT = 8443
USER = "rw2fa-portal"
LOG = "/run/rw2fa-world/rw2fa-portal.log"
FOLDER = "/run/rw2fa-portal"


class PortalServer(Closing):
    """The running server. `settings` are written as a drop-in of the configuration."""

    def __init__(
        self,
        world: World,
        settings: str = "",
        port: int = PORT,
        folder: str = FOLDER,
        program: Sequence[str] = ("rw2fa-portal",),
    ) -> None:
        self.world, self.port, self.folder, self.program = world, port, folder, program
        world.write("/etc/rw2fa/rw2fa.toml.d/portal.toml", f'[portal]\nlisten = "127.0.0.1:{port}"\n{settings}')
        world.run("install", "-d", "-o", USER, "-g", USER, "-m", "0755", folder)
        self._lock = threading.Lock()
        self.start()

    def start(self) -> None:
        self.world.run("rw2fa-portal", "--prepare", "--folder", self.folder)
        with self.world.path(LOG).open("ab") as log:
            self._process: subprocess.Popen[bytes] = self.world.start(
                *self.program, "--folder", self.folder, user=USER, output=log
            )

        def listens() -> bool:
            if self._process.poll() is not None:
                raise AssertionError(f"the portal ended:\n{self.world.read(LOG)}")
            return self.world.listens(self.port)

        wait_until("the portal", listens)

    def close(self) -> None:
        self.world.kill(self._process)
        self.world.path("/etc/rw2fa/rw2fa.toml.d/portal.toml").unlink(missing_ok=True)

    def stop(self) -> None:
        """Ends it."""
        self.world.kill(self._process)

    def restart(self) -> None:
        """Ends it, and starts it again."""
        self.stop()
        self.start()

    @property
    def log(self) -> str:
        """What it printed."""
        return self.world.read(LOG)

    @property
    def pid(self) -> int:
        """Its process, in the opener's numbering."""
        return self.world.child_of(self._process)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        cookie: str = "",
    ) -> tuple[http.client.HTTPResponse, str]:
        """One request that no browser would make, and the text of its answer."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with self._lock:  # the world's control socket takes one request at a time
            plain = self.world.connect(self.port)
        with context.wrap_socket(plain) as connection:
            connection.settimeout(60)
            client = http.client.HTTPSConnection("portal.example", context=context)
            client.sock = connection
            fields = dict(headers or {})
            if cookie:
                fields["Cookie"] = cookie
            if form is not None:
                fields.setdefault("Origin", "https://portal.example")
                fields.setdefault("Content-Type", "application/x-www-form-urlencoded")
            client.request(method, path, urlencode(form) if form is not None else None, fields)
            response = client.getresponse()
            return response, response.read().decode()
