"""`rw2fa clock`."""

from dataclasses import asdict

import click

from rw2fa_daemon.cli.clock_shown import clock_facts, clock_line, look_at_clock
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, say, show_json, table
from rw2fa_daemon.core.clock import Answer, Verdict
from rw2fa_daemon.core.problem import Problem


@click.command()
@click.option("--refresh", is_flag=True, help="Compare it now, which takes a few seconds.")
@JSON_OPTION
@pass_cli
def clock(cli: CliContext, *, refresh: bool, as_json: bool) -> None:
    """Show how far this host's clock is off. Exit status 1 if it is wrong."""
    measurement, clock_status = look_at_clock(cli.config, refresh=refresh)
    answers = measurement.answers if measurement else ()
    if as_json:
        show_json({**clock_facts(clock_status), "servers": [asdict(answer) for answer in answers]})
    else:
        say(f"Clock  {clock_line(clock_status)}")
        if answers:
            say()
            table(("server", "address", "ahead by", "within", "stratum"), [_row(answer) for answer in answers])
    if clock_status.verdict is Verdict.ERROR:
        raise Problem(f"this host's clock is {clock_status.detail}", "run an NTP client, such as chrony, to set it")


def _row(answer: Answer) -> tuple[str, ...]:
    if answer.offset is None:
        return (answer.server, answer.address, answer.problem, "", "")
    return (
        answer.server,
        answer.address,
        f"{answer.offset:+.6f} s",
        f"{answer.distance:.6f} s",
        str(answer.stratum),
    )
