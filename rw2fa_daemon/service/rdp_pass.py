"""An RDP login of somebody who is enabled: is there a pass, and is it used up (login-states, rdp)."""

from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core import policy
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.address import same_host
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.logon import Logon, Logons, LogonSettings, PassFound, go_on, knock, use
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.standing import standing
from rw2fa_daemon.core.transitions import Context, finish
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.dialogue import tell
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.store.store import StateProblem

LOOK_FOR_PASS: Final = frozenset((Rule.PASS_NEEDED, Rule.PASS_TO_USE))
"""The rules that lead here."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was found, whose pass or session that is, and why a pass that there is does not count."""

    found: PassFound
    logon: Logon | None = None
    why: Rule | None = None
    problem: str = ""


def decide_by_pass(services: LoginServices, connection: Connection, context: Context, settings: LogonSettings) -> None:
    """Let the login on if there is a pass for it; in account, use that up first, durably."""
    using = context.facts.rdp_pass is PassFound.TO_USE
    reconnects = context.login.evidence is not None and context.login.evidence.rule == Rule.PASS_RECONNECT
    address = same_host(context.login.rhost)
    alive = services.rdp_sessions.alive(context.name, address)

    def work(account: Account | None, logons: Logons) -> tuple[Account | None, Logons, _Outcome]:
        now = standing(account, context.uid, context.settings, context.now, asked=True)
        left = logons.but(lambda logon: now.ended(logon, settings, context.now))
        if using:
            after, found, logon = (
                go_on(left, address, alive) if reconnects else use(left, address, settings, context.now)
            )
            outcome = _Outcome(found, logon)
        else:
            after, found, why = knock(left, address, alive, settings, context.now)
            outcome = _Outcome(found, None, why)
        return account, logons.merged(after), outcome

    def done(outcome: _Outcome | StateProblem) -> None:
        if isinstance(outcome, StateProblem):
            # What is refused anyway is refused in the same words as before.
            outcome = _Outcome(PassFound.GONE if using else PassFound.NONE, problem=str(outcome))
        if outcome.found is PassFound.USED and outcome.logon is not None and address:
            services.rdp_sessions.began(context.name, outcome.logon.digest, address, connection.pid)
        if outcome.why is Rule.PASS_CANCELLED:
            services.audit(
                context.record(Event.PASS_CANCELLED, Decision.DENY, Rule.PASS_CANCELLED, Rule.PASS_CANCELLED.meaning)
            )
        row = policy.decide(policy.with_pass(context.facts, outcome.found))
        tell(services, connection, finish(row, context, reason=_reason(outcome)))

    services.batcher.call(lambda store: store.with_logons(context.name, work, settings, context.now), done)


def _reason(outcome: _Outcome) -> str:
    if outcome.logon is not None:
        return f"logon at {outcome.logon.host} from {outcome.logon.address or 'an unknown address'}"
    return outcome.why.meaning if outcome.why is not None else outcome.problem
