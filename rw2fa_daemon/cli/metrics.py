"""`rw2fa metrics`."""

import time

import click

from rw2fa_daemon.cli.printing import note
from rw2fa_daemon.cli.site import Site, pass_site
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user_counts import UserCounts
from rw2fa_daemon.service.exposition import exposition
from rw2fa_daemon.service.gauges import clock_families, people_families, up
from rw2fa_daemon.wire.client import ask_daemon

DAEMON_SECONDS = 5.0


@click.command()
@pass_site
def metrics(site: Site) -> None:
    """Print figures for Prometheus, also of a daemon that is down."""
    try:
        text = ask_daemon(site.config.socket, "metrics", DAEMON_SECONDS)["text"]
    except (Problem, KeyError):
        text = exposition((*up(running=False), *people_families(_people(site)), *clock_families(site.config.state)))
    click.echo(text, nl=False)


def _people(site: Site) -> UserCounts | None:
    try:
        return site.store.user_counts(site.config.guessing, int(time.time()), site.config.sms_digits)
    except Problem as problem:
        note(str(problem))
        return None
