"""The verbs of rw2fa-session: logons at the web portal, the sessions that they open, and passes (decision 31)."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core import sessions
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.address import same_host
from rw2fa_daemon.core.admission import Admission, NeedsMemory, NeedsWitness, admission_of, decided_without_user
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.login import Login, Phase, Slot
from rw2fa_daemon.core.logon import (
    IDENTIFIER_BYTES,
    Ended,
    Logon,
    Logons,
    LogonSettings,
    Opens,
    Standing,
    digest_of,
    may_arm,
    opens,
    with_code,
    with_pass,
    with_session,
)
from rw2fa_daemon.core.phone import ending
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.recovery_codes import RECOVERY_CODES, CodeSet
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.standing import standing
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.service.admission import booted_at
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.hashing import Full, Turn
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.service.server import RootVerb
from rw2fa_daemon.store.logons import Full as NoRoom
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.logon import LogonReport, LogonRequest, read_about_logon, read_logon, write_logon_report
from rw2fa_daemon.wire.message import Message

OK: Final = "ok"
CODE: Final = "code"
OVER: Final = "over"
REFUSED: Final = "refused"

_RESULTS: Final = {Opens.YES: OK, Opens.CODE: CODE, Opens.OVER: OVER}


@dataclass(frozen=True, slots=True)
class _Case:
    """A request with all that its answer depends on but the state."""

    request: LogonRequest
    user: User
    asked: bool
    """Whether a code is asked for."""
    pid: int
    now: float
    settings: LogonSettings
    sms: bool
    """Whether codes are sent by SMS at all."""
    identifier: str
    """For a new logon."""
    recovery: CodeSet | None = None
    """Recovery codes to give out, where that is asked for."""

    def report(self, result: str, logon: Logon, rule: Rule | None = None, text: Prompt | None = None) -> LogonReport:
        """The answer about a logon."""
        known = logon.rdp_pass
        return LogonReport(
            result,
            rule,
            text,
            user=logon.user,
            uid=logon.uid,
            asked=logon.asked,
            until=logon.until(self.settings),
            sessions=logon.sessions,
            sessions_until=logon.sessions_until(self.settings)
            if opens(logon, self.settings, self.now) is Opens.YES
            else None,
            pass_status=logon.pass_status(self.now),
            pass_until=known.until if known is not None and known.live(self.now) else None,
        )


Decided = tuple[Account | None, Logons, LogonReport]
_Work = Callable[[_Case, Standing, Account | None, Logons], Decided]
_AboutLogon = Callable[[_Case, Account | None, Logons, Logon], Decided]

_ENDED: Final = LogonReport(OVER, Rule.LOGON_OVER)


def logon_verbs(services: LoginServices) -> dict[str, RootVerb]:
    """What answers each of the verbs."""
    return {verb: partial(_answer, services, kind) for verb, kind in _VERBS.items()}


def _register(case: _Case, now: Standing, account: Account | None, logons: Logons) -> Decided:
    """Somebody has signed in at the portal."""
    at = int(case.now)
    code_at = None
    if case.asked:
        account, code_at = _taken(case, account)
        if code_at is None:
            return account, logons, _refused(Rule.LOGON_WITHOUT_CODE)
    request, user = case.request, case.user
    logon = Logon(
        digest_of(case.identifier),
        user.name,
        user.uid,
        (now.generation or 0) if case.asked else 0,
        same_host(request.address),
        os.uname().nodename,
        at,
        code_at,
    )
    if not now.fits(logon):
        return account, logons, _refused(Rule.LOGON_OVER)
    left = now.settled(logons, case.settings, case.now).add(logon, case.now)
    return account, left, replace(case.report(OK, logon, Rule.LOGON), identifier=case.identifier)


def _code_again(case: _Case, account: Account | None, logons: Logons, logon: Logon) -> Decided:
    """Another code was typed."""
    after, code_at = _taken(case, account)
    if code_at is None:
        return account, logons, _refused(Rule.LOGON_WITHOUT_CODE)
    renewed = with_code(logon, code_at)
    return after, logons.put(renewed), case.report(OK, renewed, Rule.LOGON_CODE)


def _open_session(case: _Case, account: Account | None, logons: Logons, logon: Logon) -> Decided:
    """Another session is about to be opened."""
    if opens(logon, case.settings, case.now) is Opens.CODE:
        return account, logons, case.report(CODE, logon, Rule.LOGON_NEEDS_CODE)
    opened = with_session(logon, case.now)
    return account, logons.put(opened), case.report(OK, opened, Rule.LOGON_SESSION)


def _arm(case: _Case, account: Account | None, logons: Logons, logon: Logon) -> Decided:
    """An RDP client is about to be started."""
    if opens(logon, case.settings, case.now) is Opens.CODE:
        return account, logons, case.report(CODE, logon, Rule.LOGON_NEEDS_CODE)
    address = same_host(case.request.address)
    if case.asked and not address and not case.settings.without_address:
        return account, logons, _refused(Rule.PASS_WITHOUT_ADDRESS, Prompt.RDP_NOWHERE)
    if case.asked and not may_arm(logons, case.settings, case.now):
        return account, logons, _refused(Rule.PASS_KNOCKED, Prompt.RDP_KNOCKED)
    armed = with_session(logon, case.now)
    if case.asked:
        armed = with_pass(armed, address, case.settings, case.now)
    return account, logons.put(armed), case.report(OK, armed, Rule.PASS_ARMED)


def _show(case: _Case, account: Account | None, logons: Logons, logon: Logon) -> Decided:
    """How does it stand?"""
    return account, logons, case.report(_RESULTS[opens(logon, case.settings, case.now)], logon)


def _show_account(case: _Case, account: Account | None, logons: Logons, logon: Logon) -> Decided:
    """What is there of this user to show to the same?"""
    lines = [
        *(f"{one.began_at} {'current' if one == logon else 'open'} - {one.address}" for one in reversed(logons.logons)),
        *(f"{one.began_at} {one.how} {one.ended_at} {one.address}" for one in reversed(logons.past)),
    ]
    more = {"logons": "\n".join(lines)}
    if case.asked and account is not None:
        more |= {"recovery": str(len(account.recovery)), **_device(account, sms=case.sms)}
    return account, logons, replace(case.report(OK, logon), more=more)


def _device(account: Account, *, sms: bool) -> dict[str, str]:
    if account.method_in_force(sms_enabled=sms) is Method.SMS and account.phone is not None:
        return {"method": Method.SMS, "ending": ending(account.phone.reveal().decode())}
    known = account.credential
    return {"method": Method.APP, **({} if known is None else {"since": str(known.created_at)})}


def _new_recovery_codes(case: _Case, account: Account | None, logons: Logons, logon: Logon) -> Decided:
    """Another code was typed, for these."""
    after, code_at = _taken(case, account)
    if after is None or code_at is None or case.recovery is None or not after.activated:
        return account, logons, _refused(Rule.LOGON_WITHOUT_CODE)
    made = replace(case.report(OK, logon, Rule.LOGON_RECOVERY), more={"codes": "\n".join(case.recovery.codes)})
    return replace(after, recovery=case.recovery.digests), logons, made


def _sign_out(case: _Case, _now: Standing, account: Account | None, logons: Logons) -> Decided:
    """Its user is gone; nobody has to hear that it had ended before."""
    logon = logons.find(case.request.identifier)
    if logon is None:
        return account, logons, LogonReport(OK)
    return account, logons.ending([logon], Ended.SIGNED_OUT, case.now), case.report(OK, logon, Rule.LOGON_ENDED)


def _about(work: _AboutLogon, case: _Case, now: Standing, account: Account | None, logons: Logons) -> Decided:
    """Find the logon, if it has not ended."""
    logon = logons.find(case.request.identifier)
    if logon is None or now.ended(logon, case.settings, case.now):
        return account, logons, _ENDED
    return work(case, account, logons, logon)


def _taken(case: _Case, account: Account | None) -> tuple[Account | None, int | None]:
    """The account once the code is taken that was judged in the process that asks, and when that was."""
    if account is None:
        return None, None
    left, at = sessions.take_logon(
        account.counters.sessions, case.request.boot, case.pid, now=case.now, booted_at=booted_at(case.now)
    )
    return replace(account, counters=replace(account.counters, sessions=left)), at


def _refused(rule: Rule, text: Prompt = Prompt.LOGIN_REFUSED) -> LogonReport:
    return LogonReport(REFUSED, rule, text)


@dataclass(frozen=True, slots=True)
class _Verb:
    """How a verb is read and decided; what is audited once it is done."""

    read: Callable[[Message], LogonRequest]
    work: _Work
    event: Event | None = None
    makes_codes: bool = False
    """Whether recovery codes are made, and hashed, before it is decided."""


_VERBS: Final = {
    "logon": _Verb(read_logon, _register, Event.LOGON),
    "logon_code": _Verb(read_about_logon, partial(_about, _code_again), Event.LOGON),
    "logon_session": _Verb(read_about_logon, partial(_about, _open_session), Event.SESSION_OPENED),
    "logon_show": _Verb(read_about_logon, partial(_about, _show)),
    "logon_account": _Verb(read_about_logon, partial(_about, _show_account)),
    "logon_recovery": _Verb(
        read_about_logon, partial(_about, _new_recovery_codes), Event.RECOVERY_CODES_MADE, makes_codes=True
    ),
    "logon_end": _Verb(read_about_logon, _sign_out, Event.LOGON_ENDED),
    "pass": _Verb(read_about_logon, partial(_about, _arm), Event.PASS_ARMED),
}


def _answer(services: LoginServices, verb: _Verb, connection: Connection, message: Message) -> None:
    request = verb.read(message)
    answer = _Answer(services, verb, connection, request, services.rules())
    services.directory.lookup(request.user, answer.rules.groups, answer.found)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A request under way: who is it, how do they stand, what is decided, and what is said."""

    services: LoginServices
    verb: _Verb
    connection: Connection
    request: LogonRequest
    rules: Rules

    @property
    def service(self) -> str:
        """The PAM service that decides whether a code is asked for."""
        return self.request.service or self.rules.clients.portal_service

    def found(self, user: User | Missing, was_not_member: bool | None = None) -> None:  # noqa: FBT001 - as a callback
        """The directory has answered, or the state who was not in the scope when that could last be told."""
        request, rules, now = self.request, self.rules, time.time()
        client = rules.clients.of(self.service)
        login = Login(Phase.AUTH, Slot.MAIN, self.service, request.user, rhost=request.address)
        if not client.portal:
            self._tell(_refused(Rule.LOGON_OVER), f"codes of {self.service} serve no logons of the portal")
            return
        row = decided_without_user(login, client, on=rules.config.enabled_at(now))
        key = ""
        if row is None:
            admission = admission_of(
                login,
                client,
                user,
                lists=rules.lists,
                settings=rules.settings,
                resources=self.services.resources,
                scope_since=lambda _entries: 0,
                now=now,
                booted_at=booted_at(now),
                was_not_member=was_not_member,
            )
            if not isinstance(admission, Admission):
                self._ask_memory(admission, user)
                return
            row, key = admission.row, admission.context.name
        if not isinstance(user, User) or row.decision not in {Decision.LOOK, Decision.IGNORE}:
            self._tell(_refused(row.rule, row.text or Prompt.LOGIN_REFUSED))
            return
        asked = row.decision is Decision.LOOK
        fresh = secrets.token_hex(IDENTIFIER_BYTES)
        sms = rules.settings.sms is not None
        case = _Case(request, user, asked, self.connection.pid, now, rules.config.logons, sms, fresh)
        if self.verb.makes_codes and asked:
            self._make_codes(case, key)
        else:
            self._decide(case, key if asked else user.name)

    def _ask_memory(self, needed: NeedsMemory | NeedsWitness, user: User | Missing) -> None:
        if isinstance(needed, NeedsMemory):
            known, digest = needed.user, self.rules.scope_digest
            asked = self.services.state.do(
                lambda state: state.was_not_member(known, digest), lambda outside: self.found(user, outside)
            )
            if asked:
                return
        self.found(user, was_not_member=False)

    def _make_codes(self, case: _Case, name: str) -> None:
        """Make recovery codes for the account of that name, when it is its turn to have them hashed."""
        code_hasher = self.services.state.code_hasher
        if code_hasher is None:
            self._tell(_refused(Rule.STATE_UNUSABLE, Prompt.CANNOT_JUDGE), "the state has not been read yet")
            return

        def begin(turn: Turn) -> None:
            turn.hash(lambda: code_hasher.new(name), made)

        def made(codes: CodeSet) -> None:
            self._decide(replace(case, recovery=codes), name)

        def refused(_full: Full) -> None:
            self._tell(_refused(Rule.TOO_MANY_AT_ONCE, Prompt.LOCKED), "more recovery codes at once than are hashed")

        self.services.hashing.take_turn(name, begin, refused, RECOVERY_CODES)

    def _decide(self, case: _Case, key: str) -> None:
        """Decide about the logons that are kept under `key`."""

        def work(account: Account | None, logons: Logons) -> Decided:
            stands = standing(account, case.user.uid, self.rules.settings, case.now, asked=case.asked)
            return self.verb.work(case, stands, account, logons)

        self.services.batcher.call(lambda store: store.with_logons(key, work, case.settings, case.now), self._decided)

    def _decided(self, outcome: LogonReport | StateProblem) -> None:
        if isinstance(outcome, NoRoom):
            self._tell(_refused(Rule.LOGONS_FULL, Prompt.LOGONS_FULL), str(outcome))
        elif isinstance(outcome, StateProblem):
            self._tell(_refused(Rule.STATE_UNUSABLE, Prompt.CANNOT_JUDGE), str(outcome))
        else:
            self._tell(outcome)

    def _tell(self, report: LogonReport, reason: str = "") -> None:
        """Audit what was done, or refused, and answer. Whatever was stored is durable by now."""
        event = {OK: self.verb.event, REFUSED: Event.REFUSED}.get(report.result)
        if event is not None and report.rule is not None:
            self.services.audit(
                Record(
                    event,
                    time.time(),
                    user=report.user or self.request.user,
                    service=self.service,
                    address=self.request.address,
                    decision=Decision.DENY if report.result == REFUSED else Decision.ALLOW,
                    rule=report.rule,
                    reason=reason,
                )
            )
        self.connection.say_last(write_logon_report(report))


def end_logons(services: LoginServices, name: str) -> None:
    """See to it that somebody who was locked does not go on with a logon from before, once the lock is over."""
    settings, now = services.rules().config.logons, time.time()
    services.batcher.call(lambda store: store.end_logons(name, settings=settings, now=now), lambda _nothing: None)
