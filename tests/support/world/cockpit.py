"""Cockpit in a world: its web server, and a browser's part of its logon."""

import base64
import http.client
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.world.accounts import Person
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

_PATH = "/cockpit/login"


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
    """cockpit-ws without TLS on loopback. Its cockpit-session is the setuid program that runs PAM."""

    LOG = "/var/log/cockpit-ws.log"

    def __init__(self, world: World, port: int = 9090) -> None:
        self.world, self.port = world, port
        with world.path(self.LOG).open("ab") as log:
            self.process = world.start(
                *("/usr/lib/cockpit/cockpit-ws", "--no-tls", "-p", str(port), "-a", "127.0.0.1"), output=log
            )
        wait_until("cockpit-ws", lambda: world.listens(port))

    def stop(self) -> None:
        self.world.kill(self.process)

    def logon(self, person: Person, answer: Callable[[str], str] = lambda _: "", password: str | None = None) -> Logon:
        """User and password first, then `answer(prompt)` for each dialog (Cockpit's doc/authentication.md)."""
        word = person.password if password is None else password
        authorization = "Basic " + base64.b64encode(f"{person.name}:{word}".encode()).decode()
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
