"""The user was asked for a code, and answered."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core import lockout, sessions, steps
from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.far_clock import Far, far
from rw2fa_daemon.core.judge import SEARCHED, Verdict, charge, judge
from rw2fa_daemon.core.otp import step_at
from rw2fa_daemon.core.policy import Decision, Rc
from rw2fa_daemon.core.prompts import Prompt, clock_text, minutes, span
from rw2fa_daemon.core.recovery_codes import FORM, RECOVERY_LOW, HashedAttempt, without
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, End, Transition, let_in, refuse

CODE_TRIES: Final = 3
"""Wrong codes in one conversation."""

USED_ASKS: Final = 2
"""How often one conversation asks again for a code that was used before."""


def ask_code(state: ConversationState, text: Prompt, account: Account, credential: Credential) -> Ask:
    """The question for a code; a recovery code may be typed in its place while there are any."""
    form = f"digits:{credential.digits}-{credential.digits}"
    return Ask(state.n, text.value, f"{form},{FORM}" if account.recovery else form)


def judge_code(
    state: ConversationState, account: Account, credential: Credential, code: str, context: Context
) -> Transition:
    """The transition after a code was typed."""
    judgement, counters = judge(
        credential,
        account.counters,
        code,
        now=context.now,
        guessing=context.settings.guessing,
        code_cache=context.resources.code_cache,
    )
    if judgement.verdict is Verdict.RIGHT:
        right = replace(account, counters=_with_session(counters, context))
        on_time = abs(judgement.offset) <= credential.period
        reason = "" if on_time else f"valid, {_offset(judgement.offset)}"
        return let_in(right, context, Event.ACCEPTED, Rule.CODE_RIGHT, reason=reason)
    judged = replace(account, counters=counters)
    offset = _offset(judgement.offset)
    if judgement.verdict is Verdict.USED_BEFORE:
        record = context.record(
            Event.CODE_USED_BEFORE, Decision.DENY, Rule.CODE_USED_BEFORE, f"used or superseded, {offset}"
        )
        if state.used < USED_ASKS:
            again = replace(state, n=state.n + 1, used=state.used + 1)
            return Transition(judged, ask_code(again, Prompt.CODE_USED, account, credential), again, (record,))
        return Transition(judged, End(Rc.AUTH_ERR, Rule.CODE_USED_BEFORE, Prompt.LOGIN_REFUSED.value), None, (record,))
    if judgement.verdict is Verdict.OUTSIDE:
        return _outside(judged, judgement.offset, context)
    transition = wrong(state, judged, context, lambda again: ask_code(again, Prompt.CODE_WRONG, judged, credential))
    if lockout.locked(counters, context.now):
        return transition
    return replace(
        transition,
        far=far(credential, code, counters.failures, context.now, SEARCHED * context.settings.guessing.discrepancy),
    )


def of_another_hour(account: Account, step: int, context: Context, look: Far) -> Transition:
    """The transition after a wrong code turned out to be that of a phone that is hours off; it was charged before."""
    burned = replace(account, counters=steps.spend(account.counters, step, accepted=False))
    period = look.credential.period
    return _outside(burned, (step - step_at(look.now, period)) * period, context)


def _outside(account: Account, offset: int, context: Context) -> Transition:
    """The transition after a code that is right for a time that is too far away, `offset` seconds (negative: past)."""
    reason = f"valid, but {_offset(offset)}: {_clock(offset)}"
    return refuse(account, context, Event.CODE_OUTSIDE_WINDOW, Rule.CODE_OUTSIDE_WINDOW, reason, clock_text(offset))


def judge_recovery_code(
    state: ConversationState, account: Account, credential: Credential, attempt: HashedAttempt, context: Context
) -> Transition:
    """The transition after a recovery code was typed in place of a code; it is charged like one."""
    right = take_recovery_code(account, attempt, context)
    if right is not None:
        return right
    charged = replace(
        account, counters=charge(account.counters, credential.digits, context.settings.guessing, context.now)
    )
    return wrong(state, charged, context, lambda again: ask_code(again, Prompt.CODE_WRONG, charged, credential))


def take_recovery_code(account: Account, attempt: HashedAttempt, context: Context) -> Transition | None:
    """The transition after a recovery code, None if it is not one of this user's."""
    left = without(account.recovery, attempt)
    if left is None:
        return None
    used = replace(account, recovery=left, counters=lockout.clear(account.counters))
    reason = f"{len(left)} left"
    text = Prompt.RECOVERY_LOW.value.format(left=len(left)) if len(left) <= RECOVERY_LOW else ""
    used = remember_session(used, context)
    return let_in(used, context, Event.RECOVERY_CODE_USED, Rule.RECOVERY_CODE, reason=reason, text=text)


def remember_session(account: Account, context: Context) -> Account:
    """The account once a code was accepted in this audit session, or for one that begins now."""
    return replace(account, counters=_with_session(account.counters, context))


def wrong(
    state: ConversationState, account: Account, context: Context, ask: Callable[[ConversationState], Ask]
) -> Transition:
    """The transition after a wrong answer that was charged; `ask` makes the next question."""
    count = state.wrong + 1
    failures = account.counters.failures
    reason = f"{failures} in a row without a right one"
    record = context.record(Event.CODE_WRONG, Decision.DENY, Rule.CODE_WRONG, reason)
    if lockout.locked(account.counters, context.now):
        how_long = (
            "until an administrator unlocks"
            if lockout.must_be_unlocked(account.counters)
            else f"for {minutes(lockout.lock_seconds(failures))}"
        )
        lock = context.record(Event.LOCKED, Decision.DENY, Rule.LOCKED, how_long)
        return Transition(account, End(Rc.MAXTRIES, Rule.LOCKED, Prompt.LOCKED.value), None, (record, lock))
    if count >= CODE_TRIES:
        return Transition(account, End(Rc.AUTH_ERR, Rule.CODE_WRONG, Prompt.LOGIN_REFUSED.value), None, (record,))
    again = replace(state, n=state.n + 1, wrong=count)
    return Transition(account, ask(again), again, (record,))


def _with_session(counters: Counters, context: Context) -> Counters:
    if context.client.portal:
        remembered = sessions.remember_logon(counters.sessions, context.login, context.now)
    else:
        remembered = sessions.remember(
            counters.sessions, context.login, context.now, opens=not context.client.remembers_session
        )
    return counters if remembered == counters.sessions else replace(counters, sessions=remembered)


def _offset(seconds: int) -> str:
    if seconds == 0:
        return "on time"
    return f"{span(seconds)} {'early' if seconds > 0 else 'late'}"


def _clock(seconds: int) -> str:
    return f"the phone is about {span(seconds)} {'fast' if seconds > 0 else 'slow'}"
