"""`rw2fa sms configure`."""

import re
import sys
from collections.abc import Callable
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import note, say, shown
from rw2fa_daemon.cli.sms.outcome import refusal
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms_account import TOKEN, check_account_sid, check_sender, masked_sid
from rw2fa_daemon.core.twilio import Kind, explain
from rw2fa_daemon.doctor.sms.account import lacking
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.wire.sms_client import ask_account

CHECK_SECONDS: Final = 10.0
"""How long Twilio may take to say whether it knows an account."""
TOKEN_LINE_MAX: Final = 256
"""Characters read from standard input."""

_BETWEEN_DIGITS: Final = re.compile(r"[ ().\-/]")


@click.command()
@click.option("--account-sid", metavar="SID", help="The Twilio account.")
@click.option("--from", "sender", metavar="NUMBER", help="A number, a name, or the SID of a messaging service.")
@click.option("--offline", is_flag=True, help="Do not check account and token with Twilio.")
@pass_cli
def configure(cli: CliContext, account_sid: str | None, sender: str | None, *, offline: bool) -> None:
    """Set account, token and sender.

    Prompts for what is not given. The token comes from a prompt that does not show it or, if
    standard input is not a terminal, from its first line; it is stored encrypted in the state,
    and nowhere else. An empty one leaves the stored token as it is.
    """
    store, config = cli.store, cli.config
    account = _wanted(account_sid, config.sms_account_sid, "Account SID", "--account-sid", _account)
    origin = _wanted(sender, config.sms_sender, "Sender", "--from", _sender)
    if account != config.sms_account_sid:
        cli.must_own("sms.account_sid")
    if origin != config.sms_sender:
        cli.must_own("sms.phone_number")
    before = store.secret(TWILIO_TOKEN)
    token = _token(before if account == config.sms_account_sid else None)
    kind = "" if offline else _known_to_twilio(cli, account, token)
    # The token first: if the file cannot be changed it is put back, so that both are old or both new.
    if token != before:
        store.keep_secret(TWILIO_TOKEN, token)
    try:
        cli.change(lambda _: {"sms.account_sid": account, "sms.phone_number": origin})
    except BaseException:
        if token != before:
            _put_back(cli, before)
        raise
    after_change.record(cli, f"rw2fa sms configure{' --offline' if offline else ''}, from {origin}")
    after_change.reload(cli)
    say(f"SMS are sent from {shown(origin)}, by the account {masked_sid(account)}; the token is stored encrypted.")
    say("They were not checked with Twilio." if offline else "Twilio accepts account and token.")
    if kind == "Trial":
        note("it is a trial account: Twilio sends only to numbers that are verified in its console")
    for problem in lacking(cli.config, token):
        note(str(problem))
    if not cli.config.sms_enabled:
        note("SMS are off; switch them on with: rw2fa sms enable")


def _put_back(cli: CliContext, before: Secret | None) -> None:
    if before is None:
        cli.store.forget_secret(TWILIO_TOKEN)
    else:
        cli.store.keep_secret(TWILIO_TOKEN, before)


def _account(text: str) -> str:
    check_account_sid(text)
    return text


def _sender(text: str) -> str:
    number = _BETWEEN_DIGITS.sub("", text) if text.startswith("+") else text
    check_sender(number)
    return number


def _wanted(given: str | None, present: str, label: str, option: str, check: Callable[[str], str]) -> str:
    """What was given, or is typed, or was set before; raises Problem if it is empty or malformed."""
    if given is None and sys.stdin.isatty():
        return str(click.prompt(label, default=present or None, value_proc=_retried(check), err=True))
    text = present if given is None else given.strip()
    if not text:
        raise Problem(f"the {label.lower().replace('sid', 'SID')} is not set yet", f"give it with {option}")
    try:
        return check(text)
    except ValueError as error:
        raise Problem(f"{option}: {shown(text)} {error}", "look for it in Twilio's console") from None


def _retried(check: Callable[[str], str]) -> Callable[[str], str]:
    """A check for click, which asks again after a UsageError."""

    def checked(text: str) -> str:
        try:
            return check(text.strip())
        except ValueError as error:
            raise click.UsageError(f"that {error}") from None

    return checked


def _token(present: Secret | None) -> Secret:
    """The token that is typed or read from standard input; `present` if that is empty."""
    if sys.stdin.isatty():
        label = "Auth token (not shown)" if present is None else "Auth token (not shown; empty leaves it as it is)"
        text = str(click.prompt(label, hide_input=True, default="", show_default=False, err=True))
    else:
        text = sys.stdin.readline(TOKEN_LINE_MAX)
    token = Secret(text.strip().encode(errors="replace"))
    if not token.reveal():
        if present is None:
            raise Problem("no token was given for that account", "type it, or give it on standard input")
        return present
    if TOKEN.fullmatch(token.reveal()) is None:
        raise Problem(
            "that is not a token, which is 32 hexadecimal digits", "look for the auth token in Twilio's console"
        )
    return token


def _known_to_twilio(cli: CliContext, account: str, token: Secret) -> str:
    """The type of the account, in Twilio's word; raises Problem if Twilio does not accept account and token."""
    config = cli.config
    try:
        outcome = ask_account(config.relay_socket, account, token, config.sms_api_url, CHECK_SECONDS)
    except Problem as problem:
        raise Problem(f"Twilio was not asked: {problem.what}", f"{problem.fix}, or give --offline") from None
    if outcome.ok:
        return outcome.kind
    if outcome.status and outcome.status != "active":
        raise Problem(f"Twilio says that the account is {outcome.status}", "check it in Twilio's console")
    error = explain(outcome.code, outcome.http_status)
    fix = "copy both from Twilio's console" if error.kind is Kind.SETUP else ""
    raise refusal(error, outcome.problem, fix=fix, or_else="or give --offline")
