"""`rw2fa doctor`, and what checks found as a table or as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, shown
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor import Finding, run


@click.command()
@JSON_OPTION
@pass_cli
def doctor(cli: CliContext, *, as_json: bool) -> None:
    """Find what is wrong, and say how to correct it.

    Exit status 1 if something is wrong.
    """
    report(run(cli.config), as_json=as_json)


def report(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Show findings; then raise Problem if one of them is bad."""
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            say(_line(finding))
    if bad := [finding for finding in findings if not finding.ok]:
        raise against(bad, "")


def against(bad: Sequence[Finding], more: str) -> Problem:
    """One Problem for all bad findings: the first of them, and how many more there are."""
    others = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    return Problem(f"{bad[0].detail}{others}", f"{bad[0].fix or 'run `rw2fa doctor` for more'}{more}")


def _line(finding: Finding) -> str:
    mark = "ok  " if finding.ok and not finding.fix else "note" if finding.ok else "BAD "
    fix = f"\n      {shown(finding.fix)}" if finding.fix else ""
    accepted = f" (accepted: {shown(finding.accepted)})" if finding.accepted else ""
    return f"{mark}  {finding.check}{accepted}: {shown(finding.detail)}{fix}"
