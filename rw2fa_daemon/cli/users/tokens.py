"""Enrolment tokens, which an administrator hands over to users who enrol where enrolment.proof is token."""

import os
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

from rw2fa_daemon.cli.context import CliContext
from rw2fa_daemon.cli.printing import note
from rw2fa_daemon.cli.users.names import user_of
from rw2fa_daemon.core.account import GENERATION_BITS, Account
from rw2fa_daemon.core.recovery_codes import CodeSet
from rw2fa_daemon.core.user import User
from rw2fa_daemon.store.store import Job, StateProblem

PROOF_BY_WORD: Final = "token"
"""A value of enrolment.proof."""


def give_tokens(cli: CliContext, names: Iterable[str]) -> dict[str, str]:
    """Give each user who is not activated a new enrolment token; returns the tokens by name. Raises Problem."""
    people = [user_of(name, ()) for name in names]
    made = make_words(cli, [user.name for user in people])
    jobs = [Job(user.name, partial(_give, user=user, new=made[user.name])) for user in people]
    given: dict[str, str] = {}
    for user, outcome in zip(people, cli.store.run(jobs), strict=True):
        if isinstance(outcome, StateProblem):
            note(str(outcome))
        elif outcome is not None:
            given[user.name] = outcome
    return given


def make_words(cli: CliContext, names: Sequence[str]) -> dict[str, CodeSet]:
    """A new enrolment token for each of these users, by name.

    A token takes some 20 ms of processor time; all processors are used.
    """
    cli.code_hasher  # noqa: B018 - made here, as the threads would each make one
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return dict(zip(names, threads.map(lambda name: cli.code_hasher.new(name, 1), names), strict=True))


def _give(account: Account | None, *, user: User, new: CodeSet) -> tuple[Account | None, str | None]:
    if account is not None and (account.activated or account.uid != user.uid):
        return account, None
    account = account or Account(user.name, user.uid, secrets.randbits(GENERATION_BITS))
    return replace(account, token=new.digests[0]), new.codes[0]
