"""Opening the enrolment window of users who need an authenticator app from now on."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.printing import note, when
from rw2fa_daemon.cli.users.tokens import PROOF_BY_WORD, make_words
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.recovery_codes import CodeSet
from rw2fa_daemon.store.store import Job, StateProblem


def open_windows(cli: CliContext, names: Sequence[str], now: int) -> dict[str, str]:
    """Let these users enrol at a login for enrolment.window days from `now` (UTC seconds).

    Returns the enrolment tokens, by name, that they need for it, if enrolment.proof is "token".
    """
    made = make_words(cli, names) if cli.config.proof == PROOF_BY_WORD else {}
    jobs = [Job(name, partial(_open, new=made.get(name), now=now)) for name in names]
    for outcome in cli.store.run(jobs):
        if isinstance(outcome, StateProblem):
            note(str(outcome))
    return {name: new.codes[0] for name, new in made.items()}


def _open(account: Account | None, *, new: CodeSet | None, now: int) -> tuple[Account | None, None]:
    return None if account is None else with_window(account, now, new), None


def with_window(account: Account, now: int, new: CodeSet | None) -> Account:
    """The account with its window opened, unless it has an app already; `new` is the token to ask for."""
    if account.activated_by(Method.APP):
        return account
    counters = replace(account.counters, enrol_failures=0)
    return replace(account, enrol_opened_at=now, counters=counters, token=new.digests[0] if new else account.token)


def next_login(user: str, until: int, now: int) -> str:
    """What `user`, whose window was opened at `now`, will meet at the next login; times are UTC seconds."""
    if until <= now:
        return f"{user} cannot enrol at a login (enrolment.window is 0); use: rw2fa users enrol {user}"
    return f"{user} is shown a QR code at the next login, until {when(until)}."
