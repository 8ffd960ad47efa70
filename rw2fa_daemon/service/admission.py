"""The first message of a login: who is it, and does the state have to be asked?"""

import time
from dataclasses import replace
from functools import partial

from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core.admission import Admission, NeedsWitness, admission_of, decided_without_user
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.clients import Client
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.core.policy import Decision, Rc
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.scope import ScopeStatus
from rw2fa_daemon.core.transitions import End, Transition, finish
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.connection import ROOT_UID, Connection
from rw2fa_daemon.service.dialogue import Dialogue, tell
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.service.rdp_pass import LOOK_FOR_PASS, decide_by_pass


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
    row = decided_without_user(login, client, on=rules.config.enabled_at(time.time()))
    if row is not None and row.rc is not None:
        tell(services, connection, Transition(None, End(row.rc, row.rule)))
        return

    services.directory.lookup(
        login.user, rules.groups, lambda user: _found(services, connection, rules, login, client, user)
    )
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


def _found(
    services: LoginServices,
    connection: Connection,
    rules: Rules,
    login: Login,
    client: Client,
    user: User | Missing,
    *,
    witness: User | Missing | None = None,
    was_not_member: bool | None = None,
) -> None:
    """Go on once the directory has answered, or ask what has to be known besides, and come here again."""
    now = time.time()
    outcome = admission_of(
        login,
        client,
        user,
        lists=rules.lists,
        settings=rules.settings,
        resources=services.resources,
        scope_since=services.state.since,
        now=now,
        booted_at=booted_at(now),
        witness=witness,
        was_not_member=was_not_member,
    )
    if isinstance(outcome, Admission):
        _go_on(services, connection, rules, outcome)
        return
    again = partial(_found, services, connection, rules, login, client, user)
    if isinstance(outcome, NeedsWitness):
        services.directory.lookup(outcome.name, rules.groups, lambda witness: again(witness=witness))
        return
    known, digest = outcome.user, rules.scope_digest
    asked = services.state.do(
        lambda state: state.was_not_member(known, digest), lambda outside: again(was_not_member=outside)
    )
    if not asked:
        again(was_not_member=False)


def _go_on(services: LoginServices, connection: Connection, rules: Rules, admission: Admission) -> None:
    """Ask, or end the login; then take down where the user was seen."""
    if admission.row.rule in LOOK_FOR_PASS:
        decide_by_pass(services, connection, admission.context, rules.config.logons)
    elif admission.row.decision is Decision.LOOK:
        connection.partner = dialogue = Dialogue(services, connection, admission.context)
        dialogue.begin()
    else:
        tell(services, connection, finish(admission.row, admission.context))
    user = admission.user
    if rules.lists.scope.groups and isinstance(user, User):
        if admission.where.scope_status is ScopeStatus.NOT_ENABLED:
            services.membership_memory.seen_outside(user, rules.scope_digest)
        elif admission.where.scope_status is ScopeStatus.ENABLED:
            services.membership_memory.seen_inside(user, rules.scope_digest)


def booted_at(now: float) -> float:
    """When this host was booted, UTC seconds by the clock that says `now`."""
    return now - time.clock_gettime(time.CLOCK_BOOTTIME)
