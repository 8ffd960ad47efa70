"""pam_rw2fa.so in a private stack, with a scripted daemon at the other end."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.libpam import Code, Conversation, Flag, PamHandle, Responder, private_stack, start
from tests.support.scripted_daemon import Expect, ScriptedDaemon, Send, Step, end

#: Priorities of syslog(3), without the facility.
ALERT, ERR, WARNING, DEBUG = 1, 3, 4, 7

#: The other end says nothing bad, and lets everybody in.
ACCEPT: Sequence[Step] = (Expect("open"), Send(end("SUCCESS")))


class Spy:
    """What reaches pam_syslog(), and a pam_set_data() that fails when told to."""

    def __init__(self, library: Path) -> None:
        # Global, and before the module is loaded: that is how it comes to stand before libpam.
        self._library = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        self._library.spy_take.restype = ctypes.c_size_t
        self._library.spy_take.argtypes = (ctypes.c_char_p, ctypes.c_size_t)

    def take(self) -> list[tuple[int, str]]:
        """Priority and text of each line since the last call."""
        buffer = ctypes.create_string_buffer(1 << 16)
        length = self._library.spy_take(buffer, len(buffer))
        lines = buffer.raw[:length].decode("utf-8", "surrogateescape").splitlines()
        return [(int(priority), text) for priority, _, text in (line.partition(" ") for line in lines)]

    def fail_set_data(self, code: int) -> None:
        self._library.spy_fail_set_data(code)


@dataclass(frozen=True)
class Outcome:
    """How one call ended."""

    code: Code
    seconds: float
    log: list[tuple[int, str]]

    def logged(self, priority: int) -> list[str]:
        return [text for level, text in self.log if level == priority]


class Hook:
    """Stacks with our module in them. `folder` is private to the test; the daemon's socket goes into folder/run."""

    def __init__(self, build: Path, spy: Spy, folder: Path) -> None:
        self.module = build / "pam_rw2fa.so"
        self.testkit = build / "tests" / "pam_testkit.so"
        self.spy = spy
        self.folder = folder
        self.run_folder = folder / "run"
        self.socket = self.run_folder / "pam.sock"

    def daemon(self, script: Sequence[Step] = ACCEPT, *, backlog: int = 16, accept: bool = True) -> ScriptedDaemon:
        return ScriptedDaemon(self.run_folder, script, backlog=backlog, accept=accept)

    def line(self, arguments: str = "") -> str:
        """Module and arguments, for a stack of one's own."""
        # In brackets: a path with a blank in it is one word all the same (pam.conf(5)).
        return f"[{self.module}] socket={self.socket} {arguments}"

    def stack(self, arguments: str = "", *, before: str = "", auth: str = "", account: str = "") -> Path:
        """The stack `test`: the module in auth and account with `arguments`, after the arguments `before` for the
        testkit; or the lines given for a phase.
        """
        first = f"optional [{self.testkit}] {before}\n" if before else ""
        lines = ""
        for phase, given in (("auth", auth), ("account", account)):
            own = f"{phase} {first}" if first else ""
            lines += given or f"{own}{phase} required {self.line(arguments)}\n"
        for phase in ("session", "password"):
            lines += f"{phase} required {self.line(arguments)}\n"
        return private_stack(self.folder / "pam.d", {"test": lines})

    def start(
        self,
        stack: Path,
        conversation: Responder | None = None,
        *,
        user: str | bytes | None = "alice",
        tty: str | bytes | None = None,
        rhost: str | bytes | None = None,
        ruser: str | bytes | None = None,
    ) -> PamHandle:
        return start("test", user, confdir=stack, conversation=conversation, tty=tty, rhost=rhost, ruser=ruser)

    def authenticate(self, handle: PamHandle, flags: int = Flag.NONE) -> Outcome:
        began = time.monotonic()
        code = handle.authenticate(flags)
        return Outcome(code, time.monotonic() - began, self.spy.take())

    def account(self, handle: PamHandle, flags: int = Flag.NONE) -> Outcome:
        began = time.monotonic()
        code = handle.acct_mgmt(flags)
        return Outcome(code, time.monotonic() - began, self.spy.take())

    def login(
        self,
        script: Sequence[Step] = ACCEPT,
        arguments: str = "",
        conversation: Responder | None = None,
        *,
        before: str = "",
        flags: int = Flag.NONE,
        user: str | bytes = "alice",
        tty: str | bytes | None = None,
        rhost: str | bytes | None = None,
    ) -> tuple[Outcome, ScriptedDaemon]:
        """The auth phase of one login; the handle is ended."""
        stack = self.stack(arguments, before=before)
        state = Conversation() if conversation is None else conversation
        with self.daemon(script) as daemon, self.start(stack, state, user=user, tty=tty, rhost=rhost) as handle:
            outcome = self.authenticate(handle, flags)
        return outcome, daemon


def open_descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
