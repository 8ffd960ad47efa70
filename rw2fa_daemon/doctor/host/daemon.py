"""Whether the verifier is there, and how it feels."""

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
            fix="see `journalctl -u rw2fad`",
        )
    if (config := report.get("config", _GOOD)) != _GOOD:
        yield Finding(
            "daemon-config",
            ok=False,
            detail=f"the daemon keeps an older configuration, because the new one is wrong: {config}",
            fix="mend the file, then run `systemctl reload rw2fad`",
        )
    if (metrics := report.get("metrics", _GOOD)) != _GOOD:
        yield Finding(
            "daemon-metrics",
            ok=False,
            detail=f"monitoring gets no figures: {metrics}",
            fix="let the user rw2fa write to that folder, in its unit as well (ReadWritePaths=), or set metrics.file to"
            " another",
        )
    if (sms := report.get("sms", _GOOD)) != _GOOD:
        yield Finding(
            "daemon-sms",
            ok=False,
            detail=f"nobody is sent a code by SMS: {sms}",
            fix="`rw2fa audit --since 1h` says why each failed; `rw2fa sms test NUMBER` tries one",
        )
    if (lost := report.get("lost_audit_records", "0")) != "0":
        yield Finding(
            "daemon-audit",
            ok=False,
            detail=f"{lost} audit records could not be written",
            fix="make sure that the journal runs, or that the folder of the state has room",
        )


def check_socket_unit(subject: Subject) -> Iterator[Finding]:
    """Whether systemd holds the socket, so that a daemon that crashed comes back by itself."""
    if subject.root == HOST and under_systemd() and not run(["systemctl", "is-active", "--quiet", _SOCKET_UNIT]).ok:
        yield Finding(
            "socket-unit",
            ok=False,
            detail=f"{_SOCKET_UNIT} is not active: a daemon that ends is not started by the next login",
            fix=f"run `systemctl enable --now {_SOCKET_UNIT}`",
        )
