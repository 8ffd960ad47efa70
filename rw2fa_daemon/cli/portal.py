"""`rw2fa portal`: whether the web portal runs, and what it lacks."""

import errno
import socket
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.confirm import YES_OPTION
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.doctor import against, report
from rw2fa_daemon.cli.printing import JSON_OPTION, note, say, show_json
from rw2fa_daemon.config.config import Portal
from rw2fa_daemon.doctor import Finding, pam_check
from rw2fa_daemon.pamstack import programs

UNIT: Final = "rw2fa-portal.service"
SOCKET_UNIT: Final = "rw2fa-session.socket"
SERVICE: Final = "rw2fa-portal"
_PROGRAM: Final = "rw2fa-portal"


@click.group()
def portal() -> None:
    """The web portal, where people log on in a browser."""


@portal.command()
@pass_cli
def enable(cli: CliContext) -> None:
    """Start it, now and at each boot, if nothing is missing."""
    if bad := [finding for finding in _findings(cli) if not finding.ok]:
        raise against(bad, "; `rw2fa portal status` shows everything")
    cli.change(lambda _: {"portal.enabled": True})
    after_change.record(cli, "rw2fa portal enable")
    if _systemctl("enable", "--now", UNIT):
        say(f"The portal is on: {_address(cli.config.portal)}")
    if cli.config.portal.certificate is None and not _behind_socket(cli.config.portal):
        note("its certificate is one that no browser trusts, for a first try: see portal.certificate and portal.key")


@portal.command()
@YES_OPTION
@pass_cli
def disable(cli: CliContext, *, yes: bool) -> None:  # noqa: ARG001 - `enable` undoes it
    """Stop it. Whoever is signed in is signed out."""
    cli.change(lambda _: {"portal.enabled": False})
    after_change.record(cli, "rw2fa portal disable")
    if _systemctl("disable", "--now", UNIT) and _systemctl("stop", SOCKET_UNIT):
        say("The portal is off.")


@portal.command()
@JSON_OPTION
@pass_cli
def status(cli: CliContext, *, as_json: bool) -> None:
    """Show whether it runs, where, and what is missing.

    Exit status 1 if something is.
    """
    found = list(_findings(cli))
    if as_json:
        settings = cli.config.portal
        show_json(
            {
                "enabled": settings.enabled,
                "running": _runs(),
                "address": _address(settings),
                "checks": [asdict(finding) for finding in found],
            }
        )
        if bad := [finding for finding in found if not finding.ok]:
            raise against(bad, "")
        return
    say(f"The portal is {'on' if cli.config.portal.enabled else 'off'}, and {'runs' if _runs() else 'does not run'}.")
    say(f"Address: {_address(cli.config.portal)}")
    report(found, as_json=False)


def _findings(cli: CliContext) -> Iterator[Finding]:
    """What it needs, each as it is."""
    yield from pam_check(cli.config, (SERVICE,))
    program = programs.find(_PROGRAM)
    if program is None:
        yield Finding("portal", ok=False, detail=f"{_PROGRAM} is not installed", fix="run `make install` again")
        return
    done = programs.run([program, "--check", "--config", str(cli.path)])
    if done.ok:
        yield Finding("portal", ok=True, detail="its user, its settings and its certificate are there")
    else:
        what, _, fix = done.complaint.removeprefix(f"{_PROGRAM}: ").partition("; ")
        yield Finding("portal", ok=False, detail=what, fix=fix)
    if not _runs():
        yield _place(cli.config.portal)


def _place(settings: Portal) -> Finding:
    """Whether the portal could listen where it is to."""
    if _behind_socket(settings):
        return Finding("portal-port", ok=True, detail="it listens at a Unix socket")
    host, _, port = settings.listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    try:
        socket.create_server((host.strip("[]"), int(port)), family=family).close()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        fix = (
            "end what listens there, or set portal.listen" if taken else "set portal.listen to an address of this host"
        )
        return Finding(
            "portal-port", ok=False, detail=f"it cannot listen at {settings.listen} ({error.strerror})", fix=fix
        )
    return Finding("portal-port", ok=True, detail=f"nobody else listens at {settings.listen}")


def _behind_socket(settings: Portal) -> bool:
    return settings.listen.startswith("unix:")


def _address(settings: Portal) -> str:
    """Where browsers find it, as far as this host knows."""
    if _behind_socket(settings):
        return f"that of the web server in front of {settings.listen}"
    host, _, port = settings.listen.rpartition(":")
    if host in {"0.0.0.0", "[::]"}:  # noqa: S104 - compared
        host = socket.getfqdn()
    return f"https://{host}:{port}/"


def _runs() -> bool:
    return programs.under_systemd() and programs.run(["systemctl", "is-active", "--quiet", UNIT]).ok


def _systemctl(*arguments: str) -> bool:
    """Whether systemd did it; a note says why not."""
    if not programs.under_systemd():
        note(f"systemd does not run this host: start and stop {_PROGRAM} and rw2fa-session by hand")
        return False
    done = programs.run(["systemctl", *arguments])
    if not done.ok:
        note(f"`systemctl {' '.join(arguments)}` failed ({done.complaint}); see `journalctl -u {UNIT}`")
    return done.ok
