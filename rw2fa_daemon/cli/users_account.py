"""`rw2fa users reset`, `unlock` and `edit`."""

import secrets
import time
from dataclasses import replace
from functools import partial

import click

from rw2fa_daemon.cli import consequences
from rw2fa_daemon.cli.asking import YES_OPTION, make_sure
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.people import person_of
from rw2fa_daemon.cli.printing import say, shown, when
from rw2fa_daemon.cli.site import Site, pass_site
from rw2fa_daemon.core import lockout
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.enrolment import DAY_SECONDS
from rw2fa_daemon.core.person import GROUP_MARK, Membership, Person
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.service.opening import GENERATION_BITS
from rw2fa_daemon.store.store import StateProblem


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="USER…", shell_complete=scope_entries)
@YES_OPTION
@pass_site
def reset(site: Site, names: tuple[str, ...], *, yes: bool) -> None:
    """Start users over.

    Their secrets are destroyed, and their next login shows a new QR code.
    """
    people = [enabled_person(site, name) for name in names]
    listed = ", ".join(shown(person.name) for person in people)
    make_sure(f"Destroy the secret of {listed}, so that the device in use gives no valid code any more?", yes=yes)
    now = int(time.time())
    for person in people:
        _reset(site, person, now)
    consequences.record(site, "rw2fa users reset", [person.name for person in people])
    until = when(now + site.config.enrolment_window_days * DAY_SECONDS)
    for person in people:
        say(f"{shown(person.name)} is shown a new QR code at the next login, until {until}.")


def _reset(site: Site, person: Person, now: int) -> None:
    generation = secrets.randbits(GENERATION_BITS)

    def work(account: Account | None) -> tuple[Account, None]:
        account = account or Account(person.name, person.uid, generation)
        return replace(account.reset(generation=generation, now=now), uid=person.uid), None

    try:
        site.store.transact(person.name, work)
    except StateProblem:
        # A record that was altered: starting over is what its problem says to do.
        site.store.discard(person.name)
        site.store.transact(person.name, work)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="USER…", shell_complete=scope_entries)
@pass_site
def unlock(site: Site, names: tuple[str, ...]) -> None:
    """Let users try again after too many wrong codes."""
    people = [_stored_person(site, name) for name in names]
    for name in people:
        was_locked = site.store.transact(name, partial(_unlock, now=time.time()))
        say(f"{shown(name)} {'can try again' if was_locked else 'was not locked'}.")
    consequences.record(site, "rw2fa users unlock", people)


def _unlock(account: Account | None, *, now: float) -> tuple[Account | None, bool]:
    if account is None:
        return None, False
    return account.unlocked(), lockout.locked(account.counters, now)


@click.command()
@click.argument("name", metavar="USER", shell_complete=scope_entries)
@click.option("--app", is_flag=True, help="Codes come from an authenticator app.")
@click.option("--sms", metavar="NUMBER", help="Codes come by SMS to this number.")
@pass_site
def edit(site: Site, name: str, *, app: bool, sms: str | None) -> None:
    """Change how a user gets codes."""
    if app == (sms is not None):
        raise click.UsageError("give either --app or --sms NUMBER")
    if sms is not None:
        raise Problem("this version cannot send SMS", f"use the app: rw2fa users edit {shown(name)} --app")
    person = enabled_person(site, name)
    site.store.transact(person.name, _by_app)
    consequences.record(site, "rw2fa users edit --app", [person.name])
    say(f"{shown(person.name)} gets codes from an authenticator app.")


def _by_app(account: Account | None) -> tuple[Account | None, None]:
    return (None if account is None else replace(account, method=Method.APP, phone=None)), None


def enabled_person(site: Site, typed: str) -> Person:
    """The person that `typed` means, who has two-factor authentication; raises Problem otherwise."""
    if typed.startswith(GROUP_MARK):
        raise Problem(f"{shown(typed)} is a group", "name its members one by one")
    person = person_of(typed, site.rules.groups)
    match site.rules.lists.scope.membership(person):
        case Membership.MEMBER:
            return person
        case Membership.UNSURE:
            raise Problem(
                f"the directory cannot tell whether {shown(person.name)} has two-factor authentication",
                "try again when every group of the scope can be resolved",
            )
        case Membership.NOT_MEMBER:
            raise Problem(
                f"{shown(person.name)} has no two-factor authentication", f"run: rw2fa users add {shown(person.name)}"
            )


def _stored_person(site: Site, typed: str) -> str:
    """The name under which something may be stored about `typed`; raises Problem where nobody is meant."""
    try:
        return enabled_person(site, typed).name
    except Problem:
        if site.store.read(typed) is None:
            raise
        return typed
