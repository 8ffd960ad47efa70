"""rw2fa-session in a world, and the portal's side of its socket."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from rw2fa_daemon.wire.message import MESSAGE_MAX, VERSION, Message, compose, parse
from tests.support.closing import Closing
from tests.support.world.waiting import wait_until
from tests.support.world.world import World

FOLDER = "/run/rw2fa"
NAME = "session.sock"
LOG = "/run/rw2fa-world/rw2fa-session.log"


class LogonServer(Closing):
    """The listener that starts a process for each logon, where there is no systemd."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.portal_uid = int(world.run("id", "-u", "rw2fa-portal").stdout)
        with world.path(LOG).open("ab") as log:
            self._process: subprocess.Popen[bytes] = world.start(
                "rw2fa-session", "--listen", f"{FOLDER}/{NAME}", output=log
            )
        wait_until("rw2fa-session's socket", world.path(f"{FOLDER}/{NAME}").exists)
        wait_until("its owner", lambda: world.path(f"{FOLDER}/{NAME}").stat().st_uid == self.portal_uid)

    def close(self) -> None:
        self.world.kill(self._process)

    @property
    def log(self) -> str:
        """What it said about logons that were none."""
        return self.world.read(LOG)

    def connect(self, uid: int | None = None) -> "Portal":
        """A connection as the portal's user makes it, or as another uid does."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(60)
        here = os.open(".", os.O_PATH | os.O_DIRECTORY)
        # The way leads through /proc, which is root's; so the folder first, and who we are then.
        os.chdir(self.world.path(FOLDER))
        os.seteuid(self.portal_uid if uid is None else uid)
        try:
            connection.connect(NAME)
        except OSError:
            connection.close()
            raise
        finally:
            os.seteuid(0)
            os.fchdir(here)
            os.close(here)
        return Portal(connection)


@dataclass
class Portal(Closing):
    """The portal's end of one logon. `told` and `asked` keep what came."""

    connection: socket.socket
    asked: list[Message] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)

    def close(self) -> None:
        self.connection.close()

    def send(self, verb: str, **fields: str) -> None:
        self.connection.send(compose(verb, fields), socket.MSG_NOSIGNAL)

    def receive(self) -> Message | None:
        """The next message; None once the other end has closed."""
        packet = self.connection.recv(MESSAGE_MAX + 1)
        return parse(packet) if packet else None

    def begin(self, user: str, address: str = "192.0.2.7") -> Self:
        self.send("logon", v=VERSION, user=user, address=address)
        return self

    def next(self) -> Message | None:
        """The next question or end; what is told meanwhile is kept."""
        while (message := self.receive()) is not None and message.verb == "tell":
            self.told.append(message)
        if message is not None and message.verb == "ask":
            self.asked.append(message)
        return message

    def reply(self, value: str) -> Message | None:
        """Answer the last question, and what comes next."""
        self.send("reply", n=self.asked[-1].fields["n"], value=value)
        return self.next()

    def converse(self, user: str, *answers: str | Callable[[Message], str]) -> str:
        """A logon with these answers: its outcome, or what is asked when they are used up, or `gone`."""
        message = self.begin(user).next()
        for answer in answers:
            if message is None or message.verb != "ask":
                break
            message = self.reply(answer if isinstance(answer, str) else answer(message))
        if message is None:
            return "gone"
        return message.fields["outcome"] if message.verb == "end" else "asks"

    def is_gone(self, seconds: float = 30.0) -> bool:
        """Whether the other end closes within so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if not self.connection.recv(MESSAGE_MAX + 1):
                    return True
            except ConnectionResetError:
                return True
        return False
