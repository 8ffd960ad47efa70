"""How a login is admitted: whose account it is judged by, and what the policy says before that account is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from rw2fa_daemon.core.clients import Client
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.policy import BEFORE_NAMES, Row, decide, facts_of
from rw2fa_daemon.core.scope import ALWAYS_THERE, Lists, ScopeResult, ScopeStatus, no_such_user, scope_result
from rw2fa_daemon.core.transitions import Context, Resources
from rw2fa_daemon.core.user import Missing, User

NOBODY_UID: Final = -1
"""For a login of somebody who was not found."""


class Admission(NamedTuple):
    """A login with all that is known before an account is read; the row's decision is LOOK where one has to be."""

    user: User | Missing
    where: ScopeResult
    context: Context
    row: Row


@dataclass(frozen=True, slots=True)
class NeedsWitness:
    """The name that was typed means nobody: whether that is so, a look-up of `name` shows (scope.no_such_user)."""

    name: str = ALWAYS_THERE


@dataclass(frozen=True, slots=True)
class NeedsMemory:
    """The scope is unsure: it takes what the last complete look-up of `user` found (promise 13)."""

    user: User


def decided_without_user(login: Login, client: Client, *, on: bool) -> Row | None:
    """The row that holds whoever it is, so that nobody is looked up; None if that depends on the user."""
    row = decide(facts_of(login, client, on=on))
    return row if row.rule in BEFORE_NAMES else None


def admission_of(
    login: Login,
    client: Client,
    user: User | Missing,
    *,
    lists: Lists,
    settings: LoginSettings,
    resources: Resources,
    scope_since: Callable[[tuple[str, ...]], int],
    now: float,
    booted_at: float,
    witness: User | Missing | None = None,
    was_not_member: bool | None = None,
) -> Admission | NeedsWitness | NeedsMemory:
    """The admission of a login while two-factor authentication is on, or what has to be known besides.

    `user` is what the directory gave for the login's name, with every group of `lists`.

    What was missing comes with a second call: `witness` is the user whom NeedsWitness names, as the directory gave it,
    and `was_not_member` what the last complete look-up found. `scope_since` gives the UTC seconds at which the last of
    some entries came into the scope; `now` and `booted_at` are UTC seconds too.
    """
    if user is Missing.UNKNOWN and login.known is False:
        if witness is None:
            return NeedsWitness()
        user = no_such_user(lists, login.user, known_there=login.known, witness=witness)
    address = "" if client.forgeable_address else login.rhost
    where = scope_result(lists, user, address, lambda _: was_not_member is True)
    name, uid, other_name = login.user, NOBODY_UID, ""
    if isinstance(user, User):
        if where.scope_status is ScopeStatus.SCOPE_UNSURE and was_not_member is None:
            return NeedsMemory(user)
        name, uid, other_name = (where.account, user.uid, user.name) if where.alias else (user.name, user.uid, "")
    evidence = login.evidence is not None and login.evidence.uid == uid
    facts = facts_of(login, client, on=True, where=where, evidence=evidence)
    context = Context(
        now=now,
        booted_at=booted_at,
        login=login,
        facts=facts,
        client=client,
        name=name,
        uid=uid,
        settings=settings,
        scope_since=scope_since(where.entries),
        resources=resources,
        other_name=other_name,
    )
    return Admission(user, where, context, decide(facts))
