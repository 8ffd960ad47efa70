"""`rw2fa users bypass`: permission to sign in without a code for a while."""

import secrets
import time
from dataclasses import replace
from typing import Final

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.durations import duration
from rw2fa_daemon.cli.printing import say, shown, when
from rw2fa_daemon.cli.reason import reason_given
from rw2fa_daemon.cli.users.account import enabled_user
from rw2fa_daemon.core.account import GENERATION_BITS, Account, Bypass
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import User

BYPASS_SECONDS_MAX: Final = 7 * 24 * 60 * 60
"""A user who needs longer needs a new device, or an entry in exempt.users."""


@click.command()
@click.argument("name", metavar="USER", shell_complete=scope_entries)
@click.option("--for", "length", metavar="1h", help="How long it lasts, at most 7d.")
@click.option("--once", is_flag=True, help="Only for the next login.")
@click.option("--reason", metavar="TEXT", help="Why, for the audit.")
@click.option("--end", is_flag=True, help="End it now.")
@pass_cli
def bypass(cli: CliContext, name: str, *, length: str | None, once: bool, reason: str | None, end: bool) -> None:
    """Let a user sign in without a code for a while.

    The password is still checked, and each login is audited. RDP clients stay refused. The
    device, if there is one, keeps working afterwards.
    """
    if end:
        if length or once or reason:
            raise click.UsageError("--end cannot be combined with other options")
        _end(cli, name)
        return
    if length is None or reason is None:
        raise click.UsageError("give --for and --reason, or --end")
    seconds = _seconds(length)
    why = reason_given(reason)
    user = enabled_user(cli, name)
    until = int(time.time()) + seconds
    _store(cli, user, Bypass(until, once))
    after_change.record(cli, f'rw2fa users bypass --for {length}{" --once" * once}, because "{why}"', [user.name])
    how = "once without a code, " if once else "without a code "
    say(f"{shown(user.name)} signs in {how}until {when(until)}.")


def _end(cli: CliContext, name: str) -> None:
    user = enabled_user(cli, name)
    had = _store(cli, user, None)
    after_change.record(cli, "rw2fa users bypass --end", [user.name])
    say(f"{shown(user.name)} {'needs a code again' if had else 'had no bypass'}.")


def _store(cli: CliContext, resolved: User, given: Bypass | None) -> bool:
    """Store a bypass, or remove it; returns whether one was in force."""
    user = shown(resolved.name)

    def work(account: Account | None) -> tuple[Account | None, bool | Problem]:
        if account is None and given is None:
            return None, False
        account = account or Account(resolved.name, resolved.uid, secrets.randbits(GENERATION_BITS))
        if account.uid != resolved.uid:
            return account, Problem(
                f"{user} has another uid than the user whose secret is stored",
                f"if it is the same user, run: rw2fa users reset {user}",
            )
        had = account.bypass is not None and time.time() < account.bypass.until
        return replace(account, bypass=given), had

    outcome = cli.store.transact(resolved.name, work)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _seconds(text: str) -> int:
    seconds = duration(text)
    if not 0 < seconds <= BYPASS_SECONDS_MAX:
        raise Problem(f"a bypass of {shown(text)} is out of range", f"choose at most {BYPASS_SECONDS_MAX // 86_400}d")
    return seconds
