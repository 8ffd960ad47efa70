"""The first message of a login: who is it, and does the state have to be asked?"""

import time
from dataclasses import replace
from typing import Final

from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core import policy
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.clients import Client
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.core.policy import Decision, Rc, facts_of
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.scope import ALWAYS_THERE, ScopeResult, ScopeStatus, no_such_user, scope_result
from rw2fa_daemon.core.transitions import Context, End, Transition, finish
from rw2fa_daemon.core.user import Membership, Missing, User
from rw2fa_daemon.service.connection import ROOT_UID, Connection
from rw2fa_daemon.service.dialogue import Dialogue, tell
from rw2fa_daemon.service.login_services import LoginServices

NOBODY_UID: Final = -1
"""For a login of somebody who was not looked up, or not found."""


def admit(services: LoginServices, connection: Connection, login: Login, *, alone: bool) -> None:
    """Decide about a login, at once, after a look-up, or by a dialogue; `alone`: there is no other connection."""
    connection.busy = True
    login = replace(login, pid=connection.pid)
    if connection.uid != ROOT_UID:
        services.directory.lookup(
            login.user, (), lambda user: _stranger(services, connection, login, user), courtesy=True
        )
        return
    rules = services.rules()
    client = rules.clients.of(login.service)
    facts = facts_of(login, client, on=rules.config.enabled_at(time.time()))
    row = policy.decide(facts)
    if row.rule in policy.BEFORE_NAMES and row.rc is not None:
        tell(services, connection, Transition(None, End(row.rc, row.rule)))
        return

    def found(user: User | Missing) -> None:
        if user is Missing.UNKNOWN and login.known is False:
            services.directory.lookup(ALWAYS_THERE, rules.groups, missed)
            return
        if isinstance(user, User) and rules.lists.scope.membership_by_uid(user) is Membership.UNSURE:
            state, digest = services.state, rules.scope_digest
            asked = state.do(
                lambda known: known.was_not_member(user, digest),
                lambda outside: _place(services, connection, rules, login, client, user, outside=outside),
            )
            if asked:
                return
        _place(services, connection, rules, login, client, user)

    def missed(witness: User | Missing) -> None:
        missing = no_such_user(rules.lists, login.user, known_there=login.known, witness=witness)
        _place(services, connection, rules, login, client, missing)

    services.directory.lookup(login.user, rules.groups, found)
    if alone and connection.partner is None:
        # Alone, and while the directory is asked there is nothing else to do.
        services.state.foresee(login.user)


def _stranger(services: LoginServices, connection: Connection, login: Login, user: User | Missing) -> None:
    """Answer a peer that is no login program: a locker may ask for its own user (promise 10)."""
    if isinstance(user, User) and user.uid == connection.uid:
        tell(services, connection, Transition(None, End(Rc.IGNORE, Rule.PEER_SELF)))
        return
    record = Record(
        Event.REFUSED,
        time.time(),
        user=login.user,
        service=login.service,
        phase=login.phase,
        decision=Decision.DENY,
        rule=Rule.PEER_OTHER,
        reason=f"peer uid {connection.uid}",
    )
    tell(services, connection, Transition(None, End(Rc.AUTH_ERR, Rule.PEER_OTHER), records=(record,)))


def _place(
    services: LoginServices,
    connection: Connection,
    rules: Rules,
    login: Login,
    client: Client,
    user: User | Missing,
    *,
    outside: bool = False,
) -> None:
    """Decide about somebody; `outside` is whether the last complete look-up found them in no entry of the scope."""
    address = "" if client.forgeable_address else login.rhost
    where = scope_result(rules.lists, user, address, lambda _: outside)
    name, uid = (user.name, user.uid) if isinstance(user, User) else (login.user, NOBODY_UID)
    if where.alias:
        context = _context(services, rules, login, client, where, where.account, uid, other_name=name)
    else:
        context = _context(services, rules, login, client, where, name, uid)
    row = policy.decide(context.facts)
    if row.decision is Decision.LOOK:
        connection.partner = dialogue = Dialogue(services, connection, context)
        dialogue.begin()
    else:
        tell(services, connection, finish(row, context))
    if rules.lists.scope.groups and isinstance(user, User):
        if where.scope_status is ScopeStatus.NOT_ENABLED:
            services.membership_memory.seen_outside(user, rules.scope_digest)
        elif where.scope_status is ScopeStatus.ENABLED:
            services.membership_memory.seen_inside(user, rules.scope_digest)


def _context(
    services: LoginServices,
    rules: Rules,
    login: Login,
    client: Client,
    where: ScopeResult,
    name: str,
    uid: int,
    *,
    other_name: str = "",
) -> Context:
    evidence = login.evidence is not None and login.evidence.uid == uid
    now = time.time()
    return Context(
        now=now,
        booted_at=booted_at(now),
        login=login,
        facts=facts_of(login, client, on=True, where=where, evidence=evidence),
        client=client,
        name=name,
        uid=uid,
        settings=rules.settings,
        scope_since=services.state.since(where.entries),
        resources=services.resources,
        other_name=other_name,
    )


def booted_at(now: float) -> float:
    """When this host was booted, UTC seconds by the clock that says `now`."""
    return now - time.clock_gettime(time.CLOCK_BOOTTIME)
