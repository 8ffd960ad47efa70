"""`rw2fa doctor`."""

import click

from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.findings import report
from rw2fa_daemon.cli.printing import JSON_OPTION
from rw2fa_daemon.doctor import run


@click.command()
@JSON_OPTION
@pass_cli
def doctor(cli: CliContext, *, as_json: bool) -> None:
    """Find what is wrong, and how to mend it.

    Exit status 1 if something is wrong.
    """
    report(run(cli.config), as_json=as_json)
