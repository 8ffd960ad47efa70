"""One login as a state machine: an account and an event in, an account and a message out.

Nothing here reads a clock, a random number or the state: each comes as an argument, so that the
whole conversation can run inside the transaction that makes its outcome durable.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from rw2fa_daemon.core import lockout
from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.clients import Client
from rw2fa_daemon.core.codebook import Codebook
from rw2fa_daemon.core.enrolment import (
    ENROL_TRIES,
    FirstCode,
    activate,
    check_first_code,
    exhausted,
    window_open,
    with_secret,
)
from rw2fa_daemon.core.judge import Verdict, judge
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.core.policy import AccountState, Decision, Facts, Rc, Row, decide, return_code, with_account
from rw2fa_daemon.core.qr import qr_text
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.texts import Text
from rw2fa_daemon.core.uri import otpauth_uri, spaced_key

CODE_TRIES: Final = 3
"""Wrong codes in one conversation."""

USED_ASKS: Final = 2
"""How often one conversation asks again for a code that was used before."""


class Stage(StrEnum):
    """What the person was asked for."""

    CODE = "code"
    ENROL = "enrol"


class Silence(StrEnum):
    """Why the hook sent no value."""

    BLIND = "blind"
    BADFORM = "badform"
    EMPTY = "empty"
    EOF = "eof"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. `form` says what may leave the hook, as the protocol writes it."""

    n: int
    text: str
    form: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of a phase; `mint` is the uid that evidence is kept for, None for no evidence."""

    rc: Rc
    rule: str
    text: str = ""
    mint: int | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """Where a conversation stands between two messages."""

    stage: Stage
    n: int = 1
    wrong: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """What one event leads to: the account to store, the message, what is audited, what comes next."""

    account: Account | None
    say: Ask | End
    talk: Talk | None = None
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What the world adds to a login: the time, the settings, the client, chance."""

    now: float
    """UTC seconds."""
    login: Login
    facts: Facts
    client: Client
    name: str
    uid: int
    discrepancy: int
    digits: int
    issuer: str
    scope_since: int
    """UTC seconds at which the scope began to name this person."""
    window_days: int
    codebook: Codebook
    fresh_secret: Callable[[], Secret]
    fresh_generation: Callable[[], int]

    def record(self, event: Event, decision: str, rule: str, reason: str = "") -> Record:
        """An audit record of this login."""
        login = self.login
        return Record(event, self.now, self.name, login.service, login.rhost, login.phase, decision, rule, reason)


def finish(row: Row, context: Context, reason: str = "") -> Move:
    """The move for a row that ends the phase without the state."""
    records = (context.record(row.event, row.decision, row.rule, reason),) if row.event else ()
    end = End(
        return_code(row, context.facts),
        row.rule,
        row.text.value if row.text else "",
        context.uid if row.mint else None,
    )
    return Move(None, end, records=records)


def account_state(account: Account | None, context: Context) -> AccountState:
    """What the state says about this person now."""
    if account is None:
        return AccountState.MAY_ENROL if window_open(None, context) else AccountState.WINDOW_CLOSED
    if account.uid != context.uid:
        return AccountState.UID_CHANGED
    if lockout.locked(account.counters, context.now):
        return AccountState.LOCKED
    if account.activated:
        return AccountState.ACTIVATED
    if not window_open(account, context) or exhausted(account.counters):
        return AccountState.WINDOW_CLOSED
    return AccountState.MAY_ENROL


def begin(account: Account | None, context: Context) -> Move:
    """The first move, once the state is needed: end, or ask for a code or a first code."""
    row = decide(with_account(context.facts, account_state(account, context)))
    if row.decision is Decision.CODE and account is not None and account.credential is not None:
        talk = Talk(Stage.CODE)
        return Move(account, _ask(talk, Text.CODE_PROMPT.value, account.credential), talk)
    if row.decision is Decision.ENROL:
        return _offer_enrolment(account, row, context)
    return replace(finish(row, context), account=account)


def reply(talk: Talk, account: Account | None, value: str | Silence, context: Context) -> Move:
    """The move after the person answered, or did not.

    The account may have changed since the question (reset, removed, locked, activated by another
    session): then what is asked no longer fits, and the login ends.
    """
    row = decide(with_account(context.facts, account_state(account, context)))
    wanted = Decision.CODE if talk.stage is Stage.CODE else Decision.ENROL
    if row.decision is not wanted or account is None or account.credential is None:
        if row.rc is None:
            return _refuse(account, context, Event.REFUSED, row.rule, "the account changed during the login")
        return replace(finish(row, context), account=account)
    if isinstance(value, Silence):
        rule = "no-answer" if talk.stage is Stage.CODE else "enrol-failed"
        text = Text.LOGIN_REFUSED if talk.stage is Stage.CODE else Text.ENROL_FAILED
        return _refuse(account, context, Event.NO_ANSWER, rule, f"no code: {value.value}", text)
    if talk.stage is Stage.CODE:
        return _judge_code(talk, account, account.credential, value, context)
    return _judge_first_code(talk, account, account.credential, value, context)


def _judge_code(talk: Talk, account: Account, credential: Credential, code: str, context: Context) -> Move:
    judgement, counters = judge(
        credential,
        account.counters,
        code,
        now=context.now,
        discrepancy=context.discrepancy,
        codebook=context.codebook,
    )
    judged = replace(account, counters=counters)
    offset = _offset(judgement.offset)

    if judgement.verdict is Verdict.RIGHT:
        reason = "" if abs(judgement.offset) <= credential.period else f"valid, {offset}"
        return _let_in(judged, context, Event.ACCEPTED, "code-right", reason)
    if judgement.verdict is Verdict.USED_BEFORE:
        record = context.record(
            Event.CODE_USED_BEFORE, Decision.DENY, "code-used-before", f"used or superseded, {offset}"
        )
        if talk.used < USED_ASKS:
            again = replace(talk, n=talk.n + 1, used=talk.used + 1)
            return Move(judged, _ask(again, Text.CODE_USED.value, credential), again, (record,))
        return Move(judged, End(Rc.AUTH_ERR, "code-used-before", Text.LOGIN_REFUSED.value), None, (record,))
    if judgement.verdict is Verdict.OUTSIDE:
        return _refuse(
            judged, context, Event.CODE_OUTSIDE_WINDOW, "code-outside-window", f"valid, but {offset}", Text.CLOCK
        )
    return _wrong_code(talk, judged, credential, context)


def _wrong_code(talk: Talk, account: Account, credential: Credential, context: Context) -> Move:
    wrong = talk.wrong + 1
    record = context.record(
        Event.CODE_WRONG, Decision.DENY, "code-wrong", f"{account.counters.failures} in a row without a right one"
    )
    if lockout.locked(account.counters, context.now):
        lock = context.record(Event.LOCKED, Decision.DENY, "locked", f"for {lockout.LOCK_SECONDS // 60} minutes")
        return Move(account, End(Rc.MAXTRIES, "locked", Text.LOCKED.value), None, (record, lock))
    if wrong >= CODE_TRIES:
        return Move(account, End(Rc.AUTH_ERR, "code-wrong", Text.LOGIN_REFUSED.value), None, (record,))
    again = replace(talk, n=talk.n + 1, wrong=wrong)
    return Move(account, _ask(again, Text.CODE_WRONG.value, credential), again, (record,))


def _offer_enrolment(account: Account | None, row: Row, context: Context) -> Move:
    """Show the pending secret."""
    account, credential = with_secret(
        account or Account(context.name, context.uid, context.fresh_generation()), context
    )
    uri = otpauth_uri(credential, user=account.name, issuer=context.issuer)
    text = Text.ENROL_PROMPT.value.format(
        qr=qr_text(uri, colour=context.client.colour),
        account=f"{context.issuer}:{account.name}",
        key=spaced_key(credential.secret),
        digits=credential.digits,
    )
    talk = Talk(Stage.ENROL)
    record = context.record(Event.ENROLMENT_OFFERED, Decision.ENROL, row.rule)
    return Move(account, _ask(talk, text, credential), talk, (record,))


def _judge_first_code(talk: Talk, account: Account, credential: Credential, code: str, context: Context) -> Move:
    first = check_first_code(credential, code, now=context.now, reach=context.discrepancy, codebook=context.codebook)
    again = replace(talk, n=talk.n + 1, wrong=talk.wrong + 1)
    if first.step is not None:
        return _let_in(
            activate(account, credential, first.step), context, Event.ACTIVATED, "activated", text=Text.ACTIVATED
        )
    if first.outcome is FirstCode.CLOCK_OFF and again.wrong < ENROL_TRIES:
        text = Text.ENROL_CLOCK.value.format(minutes=_minutes(first.offset))
        return Move(account, _ask(again, text, credential), again)
    counted = replace(account.counters, enrol_failures=account.counters.enrol_failures + 1)
    failed = replace(account, counters=counted)
    if again.wrong >= ENROL_TRIES or exhausted(counted):
        return _refuse(failed, context, Event.CODE_WRONG, "enrol-failed", "wrong first codes", Text.ENROL_FAILED)
    return Move(failed, _ask(again, Text.ENROL_WRONG.value, credential), again)


def _let_in(
    account: Account, context: Context, event: Event, rule: str, reason: str = "", text: Text | None = None
) -> Move:
    end = End(Rc.SUCCESS, rule, text.value if text else "", context.uid)
    return Move(account, end, None, (context.record(event, Decision.ALLOW, rule, reason),))


def _refuse(
    account: Account | None,
    context: Context,
    event: Event,
    rule: str,
    reason: str,
    text: Text = Text.LOGIN_REFUSED,
) -> Move:
    return Move(
        account,
        End(Rc.AUTH_ERR, rule, text.value),
        None,
        (context.record(event, Decision.DENY, rule, reason),),
    )


def _ask(talk: Talk, text: str, credential: Credential) -> Ask:
    return Ask(talk.n, text, f"digits:{credential.digits}-{credential.digits}")


def _minutes(seconds: int) -> str:
    minutes = max(1, round(abs(seconds) / 60))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def _offset(seconds: int) -> str:
    if seconds == 0:
        return "on time"
    return f"{_minutes(seconds)} {'early' if seconds > 0 else 'late'}"
