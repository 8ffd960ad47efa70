"""`rw2fa pam`: our lines in this host's PAM services."""

import time

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.confirm import YES_OPTION
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.doctor import report
from rw2fa_daemon.cli.pam_accept import accept, accepted, retract
from rw2fa_daemon.cli.printing import JSON_OPTION, note, say, shown
from rw2fa_daemon.doctor import pam_check
from rw2fa_daemon.pamstack.install import Report
from rw2fa_daemon.pamstack.install import install as put_in
from rw2fa_daemon.pamstack.install import remove as take_out
from rw2fa_daemon.pamstack.lines import our_lines
from rw2fa_daemon.pamstack.sshd.people import scope_at


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [service for service in our_lines() if service.startswith(incomplete)]


_SERVICES = click.argument("services", nargs=-1, metavar="[SERVICE…]", shell_complete=_complete)


@click.group()
def pam() -> None:
    """The lines of rw2fa in the PAM services of this host."""


@pam.command()
@_SERVICES
@JSON_OPTION
@pass_cli
def check(cli: CliContext, services: tuple[str, ...], *, as_json: bool) -> None:
    """Look for ways to log in without a code.

    Exit status 1 if there is one.
    """
    report(pam_check(cli.config, services), as_json=as_json)


@pam.command()
@_SERVICES
@pass_cli
def install(cli: CliContext, services: tuple[str, ...]) -> None:
    """Add the lines, and sshd's drop-in. All of them or none."""
    scope = scope_at(cli.config, time.time())
    done = put_in(services, scope=scope, clients=cli.rules.clients, socket=cli.config.socket)
    after_change.record(cli, " ".join(("rw2fa pam install", *services)))
    _tell(done)


@pam.command()
@_SERVICES
@YES_OPTION
@pass_cli
def remove(cli: CliContext, services: tuple[str, ...], *, yes: bool) -> None:  # noqa: ARG001 - `install` undoes it
    """Remove the lines again."""
    done = take_out(services)
    after_change.record(cli, " ".join(("rw2fa pam remove", *services)))
    _tell(done)
    if cli.config.enabled:
        note("two-factor authentication is still switched on; `rw2fa disable` switches it off")


@pam.command(hidden=True)
@pass_cli
def refresh(cli: CliContext) -> None:
    """Write sshd's drop-in for the users who need a code now; a timer runs this when a trial ends."""
    after_change.refresh_sshd(cli)


for _command in (accept, retract, accepted):
    pam.add_command(_command)


def _tell(done: Report) -> None:
    for path in done.changed:
        say(f"Changed {shown(path)}.")
    if not done.changed:
        say("Nothing to do.")
    for text in done.notes:
        note(text)
