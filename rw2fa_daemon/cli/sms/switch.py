"""`rw2fa sms enable` and `disable`."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.confirm import YES_OPTION, make_sure
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, show_json, shown
from rw2fa_daemon.cli.users.enrolment_windows import next_login, open_windows
from rw2fa_daemon.core.account import Method
from rw2fa_daemon.core.enrolment import DAY_SECONDS
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.doctor.sms.account import lacking
from rw2fa_daemon.doctor.sms.message import segment_warning
from rw2fa_daemon.store.secrets import TWILIO_TOKEN

NAMED_MAX: Final = 10
"""Names in a question."""


@click.command()
@pass_cli
def enable(cli: CliContext) -> None:
    """Allow codes to be sent by SMS.

    This changes no user's method; `rw2fa users edit USER --sms NUMBER` does.
    """
    if problems := list(lacking(cli.config, cli.store.secret(TWILIO_TOKEN))):
        fixes = dict.fromkeys(problem.fix for problem in problems)
        raise Problem("; ".join(problem.what for problem in problems), "; ".join(fixes))
    cli.change(lambda _: {"sms.enabled": True})
    after_change.record(cli, "rw2fa sms enable")
    after_change.reload(cli)
    say(f"Codes can be sent by SMS, to numbers that begin with {', '.join(cli.config.sms_allowed)}.")
    if warning := segment_warning(cli.config):
        note(warning)


@click.command()
@JSON_OPTION
@YES_OPTION
@pass_cli
def disable(cli: CliContext, *, as_json: bool, yes: bool) -> None:
    """Stop sending codes by SMS.

    All users then need an authenticator app. Those without one enrol at their next login; their
    enrolment window (enrolment.window) begins now. Methods and numbers are kept for a later
    `rw2fa sms enable`.
    """
    cli.must_own("sms.enabled")
    names = list(_without_app(cli))
    if names:
        make_sure(f"Switch SMS off, so that {_listed(names)} must enrol an authenticator app to log in?", yes=yes)
    # The windows first: with SMS still on nobody uses them, and nobody is locked out in between.
    now = int(time.time())
    words = open_windows(cli, names, now)
    cli.change(lambda _: {"sms.enabled": False})
    after_change.record(cli, "rw2fa sms disable", ("", *names))
    after_change.reload(cli)
    until = now + cli.config.enrolment_window_days * DAY_SECONDS
    if as_json:
        show_json(
            {
                "enabled": False,
                "must_enrol": [
                    {"user": name, "enrolment_until": iso(until), "token": words.get(name)} for name in names
                ],
            }
        )
        return
    say("Codes are no longer sent by SMS.")
    for name in names:
        say(next_login(shown(name), until, now))
        if name in words:
            say(f"Enrolment token for {shown(name)}, to type before the QR code: {words[name]}")


def _without_app(cli: CliContext) -> Iterator[str]:
    """Users who get codes by SMS and have no authenticator app."""
    try:
        for account in cli.store.accounts():
            if account.method is Method.SMS and not account.activated_by(Method.APP):
                yield account.name
    except Problem as problem:
        note(str(problem))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(map(shown, names[:NAMED_MAX])) + (f" and {more} more" if more > 0 else "")
