"""`rw2fa sms test`."""

import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.command_line import hide
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, note, say, show_json
from rw2fa_daemon.cli.sms.outcome import refusal
from rw2fa_daemon.core.phone import calling_code, masked, parse_number
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms_text import fill, segments
from rw2fa_daemon.core.twilio import (
    ARRIVED_STATUSES,
    FINAL_STATUSES,
    NOT_DELIVERED,
    UNCERTAIN,
    Kind,
    TwilioError,
    explain,
)
from rw2fa_daemon.doctor.sms.account import lacking
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.wire.sms import SmsOutcome, SmsRequest
from rw2fa_daemon.wire.sms_client import ask_sms, ask_sms_status

SEND_SECONDS: Final = 20.0
"""How long Twilio may take to accept the message."""
ASK_SECONDS: Final = 10.0
"""How long it may take to give the status of a message."""
FOLLOW_SECONDS: Final = 60
FOLLOW_SECONDS_MAX: Final = 3600
PAUSE_SECONDS: Final = 1.0
_LINE: Final = 40
"""Columns that the progress line may take."""
CODE: Final = "123456789012"
"""Its first digits are the code in the message, which belongs to nobody."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A status, and how many seconds after Twilio accepted the message it was seen."""

    status: str
    after: float


@click.command("test")
@click.argument("number")
@click.option(
    "--wait",
    type=click.IntRange(1, FOLLOW_SECONDS_MAX),
    default=FOLLOW_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long to follow the message.",
)
@JSON_OPTION
@pass_cli
def trial(cli: CliContext, number: str, *, wait: int, as_json: bool) -> None:
    """Send an SMS to NUMBER and follow it.

    It has the text of a login's, with a code that is not valid, and costs as much. Exit
    status 1 if it is refused or not delivered.
    """
    hide(number)
    to = parse_number(number)
    request = _request(cli, to)
    if not to.startswith(cli.config.sms_allowed):
        note("logins cannot send an SMS to numbers that begin like this one; see sms.countries")
    outcome = ask_sms(cli.config.relay_socket, request)
    after_change.record(cli, f"rw2fa sms test, to {masked(to)}")
    seen: list[_Seen] = []
    if outcome.sent:
        error = _follow(cli, request, outcome, wait, seen, quiet=as_json)
    else:
        explained = explain(outcome.code, outcome.http_status)
        error = replace(UNCERTAIN, code=outcome.code) if outcome.unknown else explained
    if as_json:
        show_json(_facts(request, outcome.sid, seen, error))
    if error is not None:
        raise refusal(error, outcome.problem)
    if not as_json:
        say(_verdict(seen[-1].status, to, wait))


def _request(cli: CliContext, to: str) -> SmsRequest:
    """The message that a login would send to this number, with a code that is not valid."""
    config = cli.config
    token = cli.store.secret(TWILIO_TOKEN)
    # sms.countries applies to logins only.
    for problem in lacking(replace(config, sms_countries=(calling_code(to),)), token):
        raise problem
    assert token is not None
    text = fill(config.sms_message, CODE[: config.digits], config.issuer_name)
    return SmsRequest(
        account_sid=config.sms_account_sid,
        token=token,
        sender=config.sms_sender,
        to=Secret(to.encode()),
        body=Secret(text.encode()),
        api_url=config.sms_api_url,
        seconds=SEND_SECONDS,
    )


def _follow(
    cli: CliContext, request: SmsRequest, outcome: SmsOutcome, wait: float, seen: list[_Seen], *, quiet: bool
) -> TwilioError | None:
    """Follow a message, adding each new status to `seen`; returns why it was not delivered, None if unknown."""
    code: int | None = None
    for now, code in _life(cli, request, outcome, wait):  # noqa: B007 - the last one counts
        changed = not seen or seen[-1].status != now.status
        if changed:
            seen.append(now)
        if not quiet:
            _progress(now, changed=changed)
    if not quiet and sys.stderr.isatty():
        click.echo(err=True)
    last = seen[-1].status
    if last not in FINAL_STATUSES or last in ARRIVED_STATUSES:
        return None
    return NOT_DELIVERED if code is None else explain(code, None)


def _life(cli: CliContext, request: SmsRequest, outcome: SmsOutcome, wait: float) -> Iterator[tuple[_Seen, int | None]]:
    """The status of a message and its error, repeatedly, until it is final or the time is up."""
    path, began, status = cli.config.relay_socket, time.monotonic(), outcome.status
    yield _Seen(status, 0.0), None
    while status not in FINAL_STATUSES and time.monotonic() - began < wait:
        time.sleep(PAUSE_SECONDS)
        found = ask_sms_status(path, request.account_sid, request.token, outcome.sid, request.api_url, ASK_SECONDS)
        if found.status:
            status = found.status
        elif (error := explain(found.code, found.http_status)).kind is not Kind.RETRY:
            raise refusal(error, found.problem or "the message was sent")
        yield _Seen(status, round(time.monotonic() - began, 1)), found.code


def _progress(now: _Seen, *, changed: bool) -> None:
    """One line that is overwritten on a terminal; a line for each new status elsewhere."""
    words = f"{now.status} after {now.after:.0f} s" if now.after else now.status
    if sys.stderr.isatty():
        click.echo(f"\r{words:<{_LINE}}", nl=False, err=True)
    elif changed:
        click.echo(words, err=True)


def _verdict(status: str, to: str, wait: float) -> str:
    if status in ARRIVED_STATUSES:
        return f"The SMS to {masked(to)} was delivered."
    return (
        f"Twilio has accepted the SMS to {masked(to)}; after {wait:g} s its status is {status}. Some operators never"
        " confirm delivery: look at the phone."
    )


def _facts(request: SmsRequest, sid: str, seen: list[_Seen], error: TwilioError | None) -> dict[str, object]:
    return {
        "to": masked(request.to.reveal().decode()),
        "sid": sid or None,
        "status": seen[-1].status if seen else None,
        "delivered": bool(seen) and seen[-1].status in ARRIVED_STATUSES,
        "final": bool(seen) and seen[-1].status in FINAL_STATUSES,
        "history": [asdict(step) for step in seen],
        "segments": asdict(segments(request.body.reveal().decode())),
        "code": error.code if error else None,
        "problem": error.administrator if error else None,
    }
