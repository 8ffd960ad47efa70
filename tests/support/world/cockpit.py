"""Cockpit in a world: its web server, and a browser's part of its logon."""

import base64
import http.client
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.world.accounts import User
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

_PATH = "/cockpit/login"
_SESSION_UNIT = "/usr/lib/systemd/system/cockpit-session.socket"
_SESSION_SOCKET = "/run/cockpit/session"


@dataclass(frozen=True)
class Logon:
    """What a logon came to: the HTTP status, the prompts that the browser would have shown, the session cookie."""

    status: int
    prompts: tuple[str, ...]
    cookie: str

    @property
    def is_in(self) -> bool:
        return self.status == 200


class Cockpit:
    """cockpit-ws without TLS on loopback. cockpit-session is the program that runs PAM."""

    LOG = "/var/log/cockpit-ws.log"

    def __init__(self, world: World, port: int = 9090) -> None:
        self.world, self.port = world, port
        self._sessions: subprocess.Popen[bytes] | None = None
        if world.path(_SESSION_UNIT).exists():
            # Debian 13: cockpit-session is not setuid any more, but started for each connection by this unit.
            activate = ("systemd-socket-activate", f"--listen={_SESSION_SOCKET}", "--accept", "--inetd")
            world.path("/run/cockpit").mkdir(exist_ok=True)
            self._sessions = world.start(*activate, "/usr/lib/cockpit/cockpit-session")
            wait_until("cockpit-session's socket", world.path(_SESSION_SOCKET).exists)
        with world.path(self.LOG).open("ab") as log:
            self.process = world.start(
                *("/usr/lib/cockpit/cockpit-ws", "--no-tls", "-p", str(port), "-a", "127.0.0.1"), output=log
            )
        wait_until("cockpit-ws", lambda: world.listens(port))

    def stop(self) -> None:
        """Ends the server; sessions go with it."""
        self.world.kill(self.process)
        if self._sessions is not None:
            self.world.kill(self._sessions)
            self.world.path(_SESSION_SOCKET).unlink(missing_ok=True)

    def logon(self, user: User, answer: Callable[[str], str] = lambda _: "", password: str | None = None) -> Logon:
        """User and password first, then `answer(prompt)` for each dialog (Cockpit's doc/authentication.md)."""
        word = user.password if password is None else password
        authorization = "Basic " + base64.b64encode(f"{user.name}:{word}".encode()).decode()
        prompts: list[str] = []
        while True:
            status, headers = self._request(authorization)
            challenge = headers.get("WWW-Authenticate", "")
            if status != 401 or not challenge.startswith("X-Conversation "):
                return Logon(status, tuple(prompts), headers.get("Set-Cookie", "").partition(";")[0])
            _, identity, prompt = challenge.split()
            prompts.append(base64.b64decode(prompt).decode())
            reply = base64.b64encode(answer(prompts[-1]).encode()).decode()
            authorization = f"X-Conversation {identity} {reply}"

    def _request(self, authorization: str) -> tuple[int, http.client.HTTPMessage]:
        client = http.client.HTTPConnection("127.0.0.1", self.port)
        client.sock = self.world.connect(self.port)
        client.sock.settimeout(30)
        try:
            # The logon page asks for administrative access by default: Cockpit then runs sudo with the password it got.
            client.request("GET", _PATH, headers={"Authorization": authorization, "X-Superuser": "any"})
            response = client.getresponse()
            response.read()
            return response.status, response.headers
        finally:
            client.close()
