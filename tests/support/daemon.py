"""A real daemon in a folder of its own, and a peer that talks to it as the hook does."""

import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.rollback_detector import marker_file
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.master_key import create_master_key, load_master_key
from rw2fa_daemon.vault.vault import Vault
from rw2fa_daemon.wire.client import ask_daemon
from rw2fa_daemon.wire.message import MESSAGE_MAX, compose, parse
from tests.support.postgresql import Cluster

START_SECONDS = 60.0
ANSWER_SECONDS = 60.0
POLL_SECONDS = 0.01

HOST_USERS = tuple(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0)
"""Users that exist on any Debian: daemon, bin, sys …"""


READ: Final = Prompt.TOLD_PROMPT.value.format(reason="")


BOOT = "00112233-4455-4677-8899-aabbccddeeff"
"""The boot and host that a hook reports."""

NAMESPACES: Final = "4026531837-4026531836"
"""The initial namespaces of the kernel."""


class Hook:
    """One phase of one login, with messages sent by hand."""

    def __init__(self, path: Path, timeout: float = ANSWER_SECONDS) -> None:
        self.connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.connection.settimeout(timeout)
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.connection.connect(str(path))
            except BlockingIOError:  # the backlog is full: try again until the deadline, as the hook does
                if time.monotonic() > deadline:
                    self.connection.close()
                    raise
                time.sleep(POLL_SECONDS)
            except OSError:
                self.connection.close()
                raise
            else:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def send(self, verb: str, **fields: str) -> None:
        """Send a message."""
        self.connection.send(compose(verb, fields))

    def receive(self) -> dict[str, str]:
        """The daemon's next message, its verb under `verb`; empty at end of file."""
        packet = self.connection.recv(MESSAGE_MAX + 1)
        if not packet:
            return {}
        message = parse(packet)
        return {"verb": message.verb, **message.fields}

    def open(
        self, user: str, service: str = "sshd", phase: str = "auth", slot: str = "main", **more: str
    ) -> dict[str, str]:
        """Open, and the daemon's answer."""
        self.send(
            "open",
            v="1",
            phase=phase,
            slot=slot,
            service=service,
            user=user,
            **{"boot": BOOT, "namespaces": NAMESPACES, **more},
        )
        return self.told(self.receive())

    def reply(self, value: str, n: int = 1) -> dict[str, str]:
        """Answer a question, and the daemon's answer to that."""
        self.send("reply", n=str(n), value=value)
        return self.told(self.receive())

    def told(self, answer: dict[str, str]) -> dict[str, str]:
        """Press Enter if the daemon shows its reason in a prompt: returns the end, with the reason as its text."""
        if not answer.get("text", "").endswith(READ):
            return answer
        self.send("reply", n=answer["n"], none="empty")
        return {**self.receive(), "text": answer["text"].removesuffix(READ)}


@dataclass
class Site:
    """Configuration, key and state of a daemon, in one folder."""

    folder: Path
    secrets: dict[str, Secret] = field(default_factory=dict)
    digits: dict[str, int] = field(default_factory=dict)
    cluster: Cluster | None = None
    """The database, if the state is not in the folder."""

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "rw2fa.toml"

    @property
    def socket(self) -> Path:
        """Where the daemon listens."""
        return self.folder / "pam.sock"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    @property
    def key(self) -> Path:
        """The master key."""
        return self.folder / "master.key"

    def write_config(self, text: str = "", *, enabled: bool = True, scope: Sequence[str] = HOST_USERS) -> None:
        """Write a configuration; `text` is added to it."""
        users = ", ".join(f'"{name}"' for name in scope if not name.startswith("@"))
        groups = ", ".join(f'"{name[1:]}"' for name in scope if name.startswith("@"))
        self.config.write_text(
            f"enabled = {'true' if enabled else 'false'}\n"
            f"[scope]\nusers = [{users}]\ngroups = [{groups}]\n"
            f'[paths]\nstate = "{self.state}"\nsocket = "{self.socket}"\nmaster_key = "{self.key}"\n'
            f"{'' if self.cluster is None else self.database_section()}{text}"
        )
        self.config.chmod(0o644)

    def database_section(self) -> str:
        """The part of the configuration that says where the database is."""
        assert self.cluster is not None
        return f'[database]\nurl = "{self.cluster.url}"\n'

    def initialise(self) -> None:
        """Make key and state, and begin its mark, as `rw2fa init` does."""
        create_master_key(self.key)
        self.store(create=True).close()
        self.join()

    def join(self) -> None:
        """Begin the mark of a state that this host made, or of a database that others share."""
        store = self.store()
        store.begin_marker(marker_file(self.state))
        store.close()

    def store(self, *, create: bool = False) -> Store:
        """The state, opened beside the daemon."""
        database = None if self.cluster is None else self.cluster.database
        return Store.open(self.state, Vault(load_master_key(self.key)), create=create, database=database)

    def enrol(self, *names: str, digits: int = 10) -> None:
        """Give users an activated credential whose secret the test knows.

        With ten digits no two steps of a window share a code, so that what is accepted twice is a fault.
        """
        store = self.store()
        for name in names:
            secret = self.secrets[name] = Secret(secrets.token_bytes(20))
            self.digits[name] = digits
            account = Account(
                name, pwd.getpwnam(name).pw_uid, secrets.randbits(62), credential=Credential(secret, True, digits)
            )
            store.transact(name, lambda _old, account=account: (account, None))  # type: ignore[misc]  # bound now
        store.close()

    def code(self, name: str, offset: int = 0) -> str:
        """The code that the user's phone shows, `offset` steps from now."""
        return code_at(self.secrets[name], int(time.time()) // 30 + offset, self.digits.get(name, 6))

    def account(self, name: str) -> Account | None:
        """The record of a user in the state."""
        store = self.store()
        try:
            return store.read(name)
        finally:
            store.close()

    def status(self) -> dict[str, str]:
        """The daemon's own report."""
        return ask_daemon(self.socket, "status", ANSWER_SECONDS)

    def hook(self, timeout: float = ANSWER_SECONDS) -> Hook:
        """A new connection."""
        return Hook(self.socket, timeout)

    def login(self, name: str, code: str, service: str = "sshd") -> dict[str, str]:
        """A complete auth phase; returns the daemon's last message."""
        with self.hook() as hook:
            asked = hook.open(name, service)
            return asked if asked.get("verb") != "ask" else hook.reply(code)

    def beside(self) -> "Site":
        """A second daemon's site on the same state, with the configuration that this one has now."""
        second = Site(self.folder / "second", secrets=self.secrets, digits=self.digits)
        second.folder.mkdir()
        second.config.write_text(self.config.read_text().replace(str(self.socket), str(second.socket)))
        return second

    def command(self) -> list[str]:
        """The daemon's command line."""
        return [sys.executable, "-m", "rw2fa_daemon.service.main", "--config", str(self.config)]

    @contextmanager
    def daemon(
        self, *, prefix: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Iterator["subprocess.Popen[str]"]:
        """A running daemon, ready; killed at the end if it still runs."""
        process = subprocess.Popen(
            [*prefix, *self.command()],
            env={**os.environ, **(environment or {})},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            self.wait_ready(process)
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()

    def wait_ready(self, process: "subprocess.Popen[str]") -> None:
        """Return once the daemon answers; AssertionError if it ended, or does not."""

        def answers() -> bool:
            assert process.poll() is None, process.stderr.read() if process.stderr else "the daemon ended"
            try:
                return ask_daemon(self.socket, "status", 1.0)["pid"] != ""
            except Problem:
                return False

        wait_until(answers, START_SECONDS)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Return once the condition holds; raises AssertionError if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(POLL_SECONDS)
