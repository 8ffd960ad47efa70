"""A login program begins a session: the code that was accepted just before counts in it (decision 19)."""

import time
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.policy import Rc
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import End, Transition
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.admission import booted_at
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.dialogue import tell
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.login import read_session
from rw2fa_daemon.wire.message import Message

ACKNOWLEDGED: Final = Transition(None, End(Rc.IGNORE, Rule.SESSION))
"""The answer in any case: nothing depends on it."""


def begin_session(services: LoginServices, connection: Connection, message: Message) -> None:
    """Take down which session the login of this very process, or of its child, has become."""
    begun = read_session(message)
    if not services.rules().config.enabled_at(time.time()):
        tell(services, connection, ACKNOWLEDGED)
        return

    def found(user: User | Missing) -> None:
        if isinstance(user, Missing):
            tell(services, connection, ACKNOWLEDGED)
            return
        services.batcher.submit(user.name, lambda account: replace(ACKNOWLEDGED, account=_noted(account, user)), noted)

    def _noted(account: Account | None, user: User) -> Account | None:
        if account is None or account.uid != user.uid:
            return account
        now = time.time()
        before = account.counters
        after = sessions.opened(before.sessions, begun.session, connection.pid, now=now, booted_at=booted_at(now))
        return replace(account, counters=replace(before, sessions=after))

    def noted(_outcome: Transition | StateProblem) -> None:
        tell(services, connection, ACKNOWLEDGED)

    services.directory.lookup(begun.user, (), found)
