"""`rw2fa doctor`."""

import click

from rw2fa_daemon.cli.findings import report
from rw2fa_daemon.cli.printing import JSON_OPTION
from rw2fa_daemon.cli.site import Site, pass_site
from rw2fa_daemon.doctor import run


@click.command()
@JSON_OPTION
@pass_site
def doctor(site: Site, *, as_json: bool) -> None:
    """Look for what is wrong on this host, and say how to mend it. Status 1 if something is."""
    report(run(site.config), as_json=as_json)
