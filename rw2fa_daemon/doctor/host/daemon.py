"""Whether the daemon is running, and what it reports."""

from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import HOST, Subject
from rw2fa_daemon.pamstack.programs import run, under_systemd
from rw2fa_daemon.wire.client import ask_daemon

_SOCKET_UNIT: Final = "rw2fad.socket"
_GOOD: Final = "ok"


def check_daemon(subject: Subject) -> Iterator[Finding]:
    """The daemon's own report."""
    try:
        report = ask_daemon(subject.path(subject.config.socket), "status")
    except Problem as problem:
        yield Finding(
            "daemon",
            ok=False,
            detail=f"{problem.what}: logins through our lines are refused",
            fix=problem.fix,
        )
        return
    if (state := report.get("state", _GOOD)) != _GOOD:
        yield Finding(
            "daemon-state",
            ok=False,
            detail=f"the daemon cannot use its state: {state}",
            fix="run `journalctl -u rw2fad` for the cause, correct it, then run `systemctl restart rw2fad`",
        )
    if (config := report.get("config", _GOOD)) != _GOOD:
        yield Finding(
            "daemon-config",
            ok=False,
            detail=f"the daemon keeps an older configuration, because the new one is wrong: {config}",
            fix="correct the file, then run `systemctl reload rw2fad`",
        )
    if (metrics := report.get("metrics", _GOOD)) != _GOOD:
        yield Finding(
            "daemon-metrics",
            ok=False,
            detail=f"the metrics file cannot be written: {metrics}",
            fix="let the user rw2fa write to that folder, in its unit as well (ReadWritePaths=), or set metrics.file to"
            " a file in another",
        )
    if (sms := report.get("sms", _GOOD)) != _GOOD:
        yield Finding(
            "daemon-sms",
            ok=False,
            detail=f"no codes are sent by SMS: {sms}",
            fix="run `rw2fa audit --since 1h` to see why each failed, and `rw2fa sms test NUMBER` to try one",
        )
    if (lost := report.get("lost_audit_records", "0")) != "0":
        yield Finding(
            "daemon-audit",
            ok=False,
            detail=f"{lost} audit records could not be written",
            fix="make sure that journald is running, or that the state folder has free space",
        )


def check_socket_unit(subject: Subject) -> Iterator[Finding]:
    """Whether systemd holds the socket, so that a daemon that crashed is started again."""
    if subject.root == HOST and under_systemd() and not run(["systemctl", "is-active", "--quiet", _SOCKET_UNIT]).ok:
        yield Finding(
            "socket-unit",
            ok=False,
            detail=f"{_SOCKET_UNIT} is not active: the next login does not start a daemon that has ended",
            fix=f"run `systemctl enable --now {_SOCKET_UNIT}`",
        )
