"""The stage with real programs: sshd and xrdp-sesman in a private world on this machine."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from demo import hosting
from demo.stage import PASSWORDS, TERMINAL, Actor
from tests.support.world.accounts import User, add_user, allow_key
from tests.support.world.authlog import AuthLog
from tests.support.world.forward import Forward
from tests.support.world.installation import Installation
from tests.support.world.logons import LogonServer
from tests.support.world.portal import PORT, PortalServer
from tests.support.world.screens import running
from tests.support.world.sesman import IN, Sesman
from tests.support.world.sshd import Sshd
from tests.support.world.terminal import Terminal
from tests.support.world.twilio import WorldTwilio
from tests.support.world.world import HOST_NAME, World

APPLICATIONS: Final = f"""
[[portal.applications]]
name = "{TERMINAL}"
command = "xterm"
"""


class RealStage:
    """sshd, xrdp-sesman, pam_unix and PAM as Debian ships them, in namespaces of their own."""

    introduction = (
        "A private world on this machine: mount, network and process namespaces of its own, with the real\n"
        "sshd, xrdp-sesman and PAM on loopback. Its accounts exist only there, and nothing of this host is touched."
    )
    remote_desktop = "xrdp-sesman"
    host_name = HOST_NAME
    pam_command = True
    enable: tuple[str, ...] = ("enable",)
    no_sms = ""

    def __init__(self, installed: Path) -> None:
        """`installed`: a folder that `make install` filled. Raises WorldUnavailable where there can be no world."""
        self._world = World(layers=[installed])
        self._open = ExitStack()
        try:
            self._rw2fa = Installation(self._world)
            self._people: dict[str, User] = {}
            self._log = AuthLog(self._world)
        except BaseException:
            self._world.close()
            raise

    def actor(self, name: str, group: str | None = None) -> Actor:
        user = add_user(self._world, name, groups=[group] if group else [], password=PASSWORDS[name])
        allow_key(self._world, user)
        self._people[name] = user
        return Actor(name, user.password)

    def rw2fa(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._rw2fa.command(*arguments, stdin=stdin, check=check)

    def put_lines(self) -> None:
        """`rw2fa pam install` did."""

    def start_daemon(self) -> None:
        self._rw2fa.start()

    def kill_daemon(self) -> None:
        self._rw2fa.kill()

    def open_doors(self) -> None:
        self._sshd = Sshd(self._world)
        self._sesman = Sesman(self._world)

    def ssh(self, actor: Actor, *, key: bool = False) -> Terminal:
        user = self._people[actor.name]
        if key:
            return self._sshd.login(user, methods="publickey,keyboard-interactive", key=user.key)
        return self._sshd.login(user)

    def ssh_command(self, actor: Actor, *, key: bool = False) -> str:
        return f"ssh {'-i key ' if key else ''}{actor.name}@{HOST_NAME}"

    def ssh_batch(self, actor: Actor) -> Terminal:
        user = self._people[actor.name]
        return self._sshd.login(user, methods="publickey", key=user.key, batch=True)

    def rdp(self, actor: Actor, password: str) -> bool:
        self._log.forget()
        return self._sesman.verdict(self._people[actor.name], password) == IN

    def password_was_looked_at(self) -> bool:
        # It says so when it refuses a password, and nothing when one is right.
        return "pam_unix(xrdp-sesman:auth)" in self._log.text

    def start_twilio(self) -> str:
        self._twilio = WorldTwilio(self._world)
        return self._twilio.url

    def messages(self, number: str) -> list[str]:
        return [message.body for message in self._twilio.messages(number)]

    no_portal = ""

    def start_portal(self) -> str:
        logons = self._open.enter_context(LogonServer(self._world))
        portal = self._open.enter_context(PortalServer(logons.world, APPLICATIONS))
        return f"https://127.0.0.1:{self._open.enter_context(Forward(portal.world, PORT)).port}/"

    def terminal_is_open(self, actor: Actor) -> bool:
        return bool(running(self._world, "bash", self._people[actor.name]))

    def keep(self, actor: Actor, portal: str) -> None:
        hosting.host(self._world, actor, portal)

    def close(self) -> None:
        self._open.close()
        self._world.close()
