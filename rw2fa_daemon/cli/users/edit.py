"""`rw2fa users edit`: how a user gets codes."""

import secrets
import time
from collections.abc import Callable
from functools import partial

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.command_line import hide
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, say, show_json, shown
from rw2fa_daemon.cli.users.account import enabled_user
from rw2fa_daemon.cli.users.enrolment_windows import next_login, with_window
from rw2fa_daemon.cli.users.phone_numbers import another_uid, hints, to_sms
from rw2fa_daemon.cli.users.tokens import PROOF_BY_WORD
from rw2fa_daemon.core.account import GENERATION_BITS, Account, Method
from rw2fa_daemon.core.enrolment import DAY_SECONDS
from rw2fa_daemon.core.phone import masked, parse_number
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.recovery_codes import CodeSet
from rw2fa_daemon.core.user import User


@click.command()
@click.argument("name", metavar="USER", shell_complete=scope_entries)
@click.option("--app", is_flag=True, help="Codes come from an authenticator app; the phone number is deleted.")
@click.option("--sms", metavar="NUMBER", help="Codes come by SMS to this number, with its country code: +33612345678.")
@JSON_OPTION
@pass_cli
def edit(cli: CliContext, name: str, *, app: bool, sms: str | None, as_json: bool) -> None:
    """Change how a user gets codes.

    With SMS, the first right code activates the number; a new number has to be activated again. An
    authenticator app that was set up before stays valid for a later --app.
    """
    if app == (sms is not None):
        raise click.UsageError("give either --app or --sms NUMBER")
    hide(sms or "")
    user = enabled_user(cli, name)
    if sms is None:
        _to_app(cli, user, as_json=as_json)
    else:
        _to_sms(cli, user, parse_number(sms), as_json=as_json)


def _to_sms(cli: CliContext, user: User, number: str, *, as_json: bool) -> None:
    account = _stored(cli, user, partial(to_sms, user=user, number=number))
    after_change.record(cli, f"rw2fa users edit --sms {masked(number)}", [user.name])
    if as_json:
        show_json(_facts(user.name, account, None, None))
    elif account.phone_confirmed:
        say(f"{shown(user.name)} gets codes by SMS to {masked(number)}.")
    else:
        say(f"{shown(user.name)} is sent a code to {masked(number)} at the next login, which activates that number.")
    hints(cli, {user.name: number})


def _to_app(cli: CliContext, resolved: User, *, as_json: bool) -> None:
    now = int(time.time())
    new = cli.code_hasher.new(resolved.name, 1) if cli.config.proof == PROOF_BY_WORD else None
    account = _stored(cli, resolved, partial(_by_app, user=resolved, now=now, new=new))
    after_change.record(cli, "rw2fa users edit --app", [resolved.name])
    opened = account.enrol_opened_at == now and not account.activated
    until = now + cli.config.enrolment_window_days * DAY_SECONDS if opened else None
    word = new.codes[0] if new is not None and account.token == new.digests[0] else None
    user = shown(resolved.name)
    if as_json:
        show_json(_facts(resolved.name, account, until, word))
        return
    say(f"{user} gets codes from an authenticator app.")
    if until is not None:
        say(next_login(user, until, now))
    if word is not None:
        say(f"Enrolment token for {user}, to type before the QR code: {word}")


def _by_app(
    account: Account | None, *, user: User, now: int, new: CodeSet | None
) -> tuple[Account | None, Account | Problem]:
    account = account or Account(user.name, user.uid, secrets.randbits(GENERATION_BITS))
    if account.uid != user.uid:
        return account, another_uid(user)
    if account.method is Method.APP:
        return account, account
    # A number that codes are no longer sent to need not be kept.
    changed = with_window(account.by_app(), now, new)
    return changed, changed


def _stored(
    cli: CliContext, user: User, work: Callable[[Account | None], tuple[Account | None, Account | Problem]]
) -> Account:
    outcome = cli.store.transact(user.name, work)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _facts(user: str, account: Account, until: int | None, word: str | None) -> dict[str, object]:
    return {
        "user": user,
        "method": account.method.value,
        "phone": None if account.phone is None else masked(account.phone.reveal().decode()),
        "activated": account.activated,
        "enrolment_until": iso(until),
        "token": word,
    }
