"""`rw2fa pam accept`, `retract` and `accepted`: findings that an administrator has examined and accepted."""

import time
from dataclasses import asdict

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.administrator import administrator
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown, table, when
from rw2fa_daemon.cli.reason import reason_given
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor import pam_check
from rw2fa_daemon.doctor.subject import HOST
from rw2fa_daemon.pamstack import accepted as kept
from rw2fa_daemon.pamstack.accepted import Acceptance
from rw2fa_daemon.pamstack.faults import Name
from rw2fa_daemon.pamstack.host import services
from rw2fa_daemon.pamstack.lock import locked


def _complete_service(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [service for service in services(HOST) if service.startswith(incomplete)]


_SERVICE = click.argument("service", metavar="SERVICE", shell_complete=_complete_service)
_FINDING = click.argument("finding", metavar="FINDING", type=click.Choice([name.value for name in Name]))


@click.command()
@_SERVICE
@_FINDING
@click.option("--reason", required=True, metavar="TEXT", help="Why, for the audit and for other administrators.")
@pass_cli
def accept(cli: CliContext, service: str, finding: str, *, reason: str) -> None:
    """Accept one finding of `pam check` about one service.

    It no longer stops `rw2fa enable`, and is still shown, with the reason. It counts again when one of the
    service's PAM files changes.
    """
    why = reason_given(reason)
    with locked(HOST):
        if not any((one.service, one.check) == (service, finding) for one in pam_check(cli.config, [service])):
            raise Problem(
                f"there is no finding {finding} about {shown(service)}", f"run: rw2fa pam check {shown(service)}"
            )
        before = kept.read(HOST)
        old = before.of(service, finding)
        digest = kept.digest_of(HOST, service)
        if old is not None and (old.reason, old.digest) == (why, digest):
            say("Nothing to do.")
            return
        new = Acceptance(service, finding, why, administrator(), int(time.time()), digest)
        kept.write(HOST, before.having(new))
    after_change.record(cli, f'rw2fa pam accept {service} {finding}, because "{why}"')
    say(f"Accepted: {finding} of {service}, until one of its files changes.")


@click.command()
@_SERVICE
@_FINDING
@pass_cli
def retract(cli: CliContext, service: str, finding: str) -> None:
    """Withdraw an acceptance: the finding counts again."""
    with locked(HOST):
        before = kept.read(HOST)
        if before.of(service, finding) is None:
            say("Nothing to do.")
            return
        kept.write(HOST, before.lacking(service, finding))
    after_change.record(cli, f"rw2fa pam retract {service} {finding}")
    say(f"{finding} of {shown(service)} counts again.")


@click.command()
@JSON_OPTION
@pass_cli
def accepted(_site: CliContext, *, as_json: bool) -> None:
    """Show the accepted findings."""
    found = kept.read(HOST)
    rows = [(one, found.counts(HOST, one.service, one.finding)) for one in found.acceptances]
    if as_json:
        show_json([{**asdict(one), "counts": counts} for one, counts in rows])
    elif not rows:
        say("Nothing was accepted.")
    else:
        table(
            ["SERVICE", "FINDING", "COUNTS", "BY", "AT", "REASON"],
            [
                [one.service, one.finding, "yes" if counts else "no, files changed", one.by, when(one.at), one.reason]
                for one, counts in rows
            ],
        )
