"""The logon as the daemon keeps it: registered with the code that was judged here, asked before each session, ended."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.client import ask_daemon
from rw2fa_daemon.wire.message import VERSION

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACES: Final = Path("/proc/self/ns")


class Answer(StrEnum):
    """What the daemon says of a logon (docs/protocol.md)."""

    OK = "ok"
    CODE = "code"
    OVER = "over"
    REFUSED = "refused"


class Refused(Exception):
    """The daemon registers no logon: it knows of no code, or of a reason that came up meanwhile."""


@dataclass(frozen=True, slots=True)
class RegisteredLogon:
    """A logon that the daemon knows. Every method raises Problem where the daemon does not answer."""

    daemon: Callable[[], Path]
    """Its socket, as the configuration has it now."""
    user: str
    """The canonical name."""
    identifier: str

    @classmethod
    def register(cls, daemon: Callable[[], Path], user: str, service: str, address: str) -> "RegisteredLogon":
        """Register the user whom PAM has let in, in this very process; Refused if the daemon does not."""
        fields = {"v": VERSION, "user": user, "service": service, "address": address, **_here()}
        report = ask_daemon(daemon(), "logon", fields=fields)
        if report.get("result") != Answer.OK:
            raise Refused
        return cls(daemon, report["user"], report["logon"])

    def open_session(self) -> Answer:
        """Whether another session may be opened; if so, it counts as opened."""
        return self._ask("logon_session")

    def look(self) -> Answer:
        """What `open_session` would say; nothing changes."""
        return self._ask("logon_show")

    def take_code(self) -> Answer:
        """Have a further code count, which PAM has had judged in this process."""
        return self._ask("logon_code", **_here())

    def account(self) -> Mapping[str, str] | None:
        """What there is of this user to show to the same, in the words of the protocol; None if the logon is over."""
        report = self._report("logon_account")
        shown = ("asked", "method", "since", "ending", "recovery", "logons")
        return {key: report[key] for key in shown if key in report} if report.get("result") == Answer.OK else None

    def new_recovery_codes(self) -> str:
        """Have a further code count for new recovery codes, one a line; empty if the daemon takes none."""
        return self._report("logon_recovery", **_here()).get("codes", "")

    def arm(self, address: str) -> Mapping[str, str]:
        """Have a pass let one RDP login from `address` in; the report, which says why not otherwise."""
        return self._report("pass", **({"address": address} if address else {}))

    def rdp_pass(self) -> Mapping[str, str]:
        """The report with what became of the latest pass; nothing changes."""
        return self._report("logon_show")

    def end(self) -> None:
        """Sign out. Nobody waits for it: a logon that nobody ends is over by itself."""
        try:
            self._ask("logon_end")
        except Problem as problem:
            with suppress(OSError):
                sys.stderr.write(f"rw2fa-session: a logon was not ended: {problem}\n")

    def _ask(self, verb: str, **more: str) -> Answer:
        try:
            return Answer(self._report(verb, **more).get("result", ""))
        except ValueError:
            return Answer.REFUSED

    def _report(self, verb: str, **more: str) -> Mapping[str, str]:
        fields = {"v": VERSION, "user": self.user, "logon": self.identifier, **more}
        return ask_daemon(self.daemon(), verb, fields=fields)


def _here() -> dict[str, str]:
    """Which boot and container this process is in, in the words of the PAM module."""
    try:
        numbers = [str((_NAMESPACES / kind).stat().st_ino) for kind in ("user", "pid")]
        return {"boot": _BOOT.read_text().strip(), "namespaces": "-".join(numbers)}
    except OSError as error:
        raise Problem(f"/proc cannot be read ({error.strerror})", "see the sandbox of rw2fa-session") from error
