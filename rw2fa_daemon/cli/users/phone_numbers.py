"""Setting the numbers that users' codes are sent to."""

import secrets
from collections.abc import Mapping
from functools import partial

from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.printing import note, shown
from rw2fa_daemon.cli.users.names import user_of
from rw2fa_daemon.core.account import GENERATION_BITS, Account
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.user import User
from rw2fa_daemon.store.store import Job


def set_numbers(cli: CliContext, numbers: Mapping[str, str]) -> list[str]:
    """Have codes sent to these E.164 numbers, by name; returns the names for which that was stored."""
    people = [user_of(name, ()) for name in numbers]
    jobs = [Job(user.name, partial(to_sms, user=user, number=numbers[user.name])) for user in people]
    done = []
    for user, outcome in zip(people, cli.store.run(jobs), strict=True):
        if isinstance(outcome, Account):
            done.append(user.name)
        else:
            note(str(outcome))
    return done


def to_sms(account: Account | None, *, user: User, number: str) -> tuple[Account | None, Account | Problem]:
    """The account with codes by SMS to a number, twice; a Problem instead if it belongs to another uid."""
    account = account or Account(user.name, user.uid, secrets.randbits(GENERATION_BITS))
    if account.uid != user.uid:
        return account, another_uid(user)
    after = account.by_sms(Secret(number.encode()))
    return after, after


def another_uid(user: User) -> Problem:
    """The Problem with a record that belongs to another uid of the same name."""
    return Problem(
        f"{shown(user.name)} has another uid than the user whose secret is stored",
        f"if it is the same user, run: rw2fa users reset {shown(user.name)}",
    )


def hints(cli: CliContext, numbers: Mapping[str, str]) -> None:
    """Say what at present prevents SMS to these numbers."""
    config = cli.config
    if not config.sms_enabled:
        note("SMS are off, so codes come from the app; switch them on with: rw2fa sms enable")
    if any(not number.startswith(config.sms_allowed) for number in numbers.values()):
        which = "numbers that begin like this one" if len(numbers) == 1 else "some of these numbers"
        note(f"no SMS can be sent to {which}; see: rw2fa settings get sms.countries")
