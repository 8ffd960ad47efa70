"""`rw2fa users reset` and `unlock`."""

import secrets
import time
from dataclasses import replace
from functools import partial

import click

from rw2fa_daemon.cli import after_change
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.confirm import YES_OPTION, make_sure
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, show_json, shown, when
from rw2fa_daemon.cli.users.names import user_of
from rw2fa_daemon.cli.users.tokens import PROOF_BY_WORD
from rw2fa_daemon.core.account import GENERATION_BITS, Account, Method
from rw2fa_daemon.core.account_state import lock_of, method_in_force
from rw2fa_daemon.core.enrolment import DAY_SECONDS
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.phone import masked
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import GROUP_MARK, Membership, User
from rw2fa_daemon.store.store import StateProblem


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="USER…", shell_complete=scope_entries)
@click.option("--no-token", is_flag=True, help="Require no token: the password alone is enough to enrol again.")
@JSON_OPTION
@YES_OPTION
@pass_cli
def reset(cli: CliContext, names: tuple[str, ...], *, no_token: bool, as_json: bool, yes: bool) -> None:
    """Make users enrol again.

    Their secrets are destroyed, and their next login shows a new QR code. A user who was activated
    is first asked for a token, which is printed here and nowhere else: hand it over to the user, so
    that nobody else who knows the password can enrol instead. With enrolment.proof = "token" every
    user is. Users who get codes by SMS keep their number, and have to confirm it by a code again.
    """
    people = [enabled_user(cli, name) for name in names]
    listed = ", ".join(shown(user.name) for user in people)
    make_sure(f"Destroy the secret of {listed}, so that the present device no longer gives valid codes?", yes=yes)
    now = int(time.time())
    numbers: dict[str, str] = {}
    tokens: dict[str, str | None] = {}
    for user in people:
        account, tokens[user.name] = _reset(cli, user, now, no_token=no_token)
        # Void by the new generation; but nothing of them needs to be kept.
        cli.store.end_logons(user.name, settings=cli.config.logons, now=time.time())
        if account.phone is not None and method_in_force(account, cli.rules.settings) is Method.SMS:
            numbers[user.name] = masked(account.phone.reveal().decode())
    after_change.purge(cli)
    what = "rw2fa users reset --no-token" if no_token else "rw2fa users reset"
    after_change.record(cli, what, [name for name, token in tokens.items() if token is None])
    after_change.record(cli, f"{what}, with a token", [name for name, token in tokens.items() if token is not None])
    until = now + cli.config.enrolment_window_days * DAY_SECONDS
    if as_json:
        show_json(
            [
                {"user": name, "enrolment_until": None if name in numbers else iso(until), "token": word}
                for name, word in tokens.items()
            ]
        )
        return
    for name, word in tokens.items():
        if name in numbers:
            say(f"{shown(name)} is sent a code to {numbers[name]} at the next login, which activates the user again.")
            continue
        say(f"{shown(name)} is shown a new QR code at the next login, until {when(until)}.")
        if word is not None:
            say(f"Enrolment token for {shown(name)}, to type before the QR code: {word}")
    if no_token and cli.config.proof == PROOF_BY_WORD:
        note("enrolment.proof is token: without a token they cannot enrol at a login; use: rw2fa users enrol")


def _reset(cli: CliContext, user: User, now: int, *, no_token: bool) -> tuple[Account, str | None]:
    """Reset a user; returns the account and the enrolment token, or None if none is needed."""
    generation = secrets.randbits(GENERATION_BITS)
    new = None if no_token else cli.code_hasher.new(user.name, 1)
    always = cli.config.proof == PROOF_BY_WORD

    def work(account: Account | None, *, always: bool = always) -> tuple[Account, tuple[Account, str | None]]:
        # A number set by the administrator needs no token: nobody else reads the messages sent there.
        sms = method_in_force(account, cli.rules.settings) is Method.SMS
        needed = not sms and (always or (account is not None and account.activated))
        word, digest = (new.codes[0], new.digests[0]) if new is not None and needed else (None, None)
        account = account or Account(user.name, user.uid, generation)
        after = replace(account.reset(generation=generation, now=now, token=digest), uid=user.uid)
        return after, (after, word)

    try:
        return cli.store.transact(user.name, work)
    except StateProblem:
        # A record that was altered: a reset is what its problem advises. It may have been active, so ask for a token.
        cli.store.discard(user.name)
        return cli.store.transact(user.name, partial(work, always=True))


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="USER…", shell_complete=scope_entries)
@pass_cli
def unlock(cli: CliContext, names: tuple[str, ...]) -> None:
    """Let users try again after too many wrong codes.

    Ends their lock and restores their guess budget.
    """
    people = [_stored_user(cli, name) for name in names]
    for name in people:
        was_locked = cli.store.transact(name, partial(_unlock, settings=cli.rules.settings, now=time.time()))
        say(f"{shown(name)} {'can try again' if was_locked else 'was not locked'}.")
    after_change.record(cli, "rw2fa users unlock", people)


def _unlock(account: Account | None, *, settings: LoginSettings, now: float) -> tuple[Account | None, bool]:
    if account is None:
        return None, False
    return account.unlocked(), lock_of(account, settings, now) is not None


def enabled_user(cli: CliContext, typed: str) -> User:
    """The user that `typed` names, who has two-factor authentication; raises Problem otherwise."""
    if typed.startswith(GROUP_MARK):
        raise Problem(f"{shown(typed)} is a group", "name its members one by one")
    user = user_of(typed, cli.rules.groups)
    match cli.rules.lists.scope.membership(user):
        case Membership.MEMBER:
            return user
        case Membership.UNSURE:
            raise Problem(
                f"the directory cannot tell whether {shown(user.name)} has two-factor authentication",
                "try again once every group of the scope can be resolved",
            )
        case Membership.NOT_MEMBER:
            account, entries = cli.rules.lists.scope.naming(user)
            if entries:
                raise Problem(
                    f"{shown(user.name)} has the uid of {shown(account.name)}, whose codes are asked for",
                    f"name {shown(account.name)}, or give {shown(user.name)} a device of its own: rw2fa users add "
                    f"{shown(user.name)}",
                )
            raise Problem(
                f"{shown(user.name)} does not have two-factor authentication",
                f"run: rw2fa users add {shown(user.name)}",
            )


def _stored_user(cli: CliContext, typed: str) -> str:
    """The name under which a record of `typed` may be stored; raises Problem if it names no user."""
    try:
        return enabled_user(cli, typed).name
    except Problem:
        if cli.store.read(typed) is None:
            raise
        return typed
