"""`rw2fa metrics`."""

import time

import click

from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import note
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user_counts import UserCounts
from rw2fa_daemon.service.exposition import exposition
from rw2fa_daemon.service.gauges import clock_families, up, user_families
from rw2fa_daemon.wire.client import ask_daemon

DAEMON_SECONDS = 5.0


@click.command()
@pass_cli
def metrics(cli: CliContext) -> None:
    """Print metrics for Prometheus, even while the daemon is down."""
    try:
        text = ask_daemon(cli.config.socket, "metrics", DAEMON_SECONDS)["text"]
    except (Problem, KeyError):
        text = exposition((*up(running=False), *user_families(_people(cli)), *clock_families(cli.config.state)))
    click.echo(text, nl=False)


def _people(cli: CliContext) -> UserCounts | None:
    try:
        return cli.store.user_counts(cli.config.guessing, int(time.time()), cli.config.sms_digits)
    except Problem as problem:
        note(str(problem))
        return None
