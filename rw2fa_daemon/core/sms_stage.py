"""The user was told that a code comes by SMS.

The question comes first, and the message only after nobody has answered for a moment: a client that
answers blindly does so at once, and a user cannot have a code that was not sent
(docs/decisions/0015). So three things happen in any order: `due`, when that moment has passed;
answers; and what the world reports of the message, which stands in `Context.sms_attempt`.
"""

import hmac
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core import lockout
from rw2fa_daemon.core.account import Account, SmsCode
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.budget import Reach, spend_guess
from rw2fa_daemon.core.code_stage import remember_session, take_recovery_code, wrong
from rw2fa_daemon.core.enrol_stage import activated
from rw2fa_daemon.core.phone import ending
from rw2fa_daemon.core.policy import Decision, Rc
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.reason import with_reason
from rw2fa_daemon.core.recovery_codes import FORM, HashedAttempt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import DeliveryReport, DeliveryState, SmsError, SmsMessage, SmsRandomness, SmsRules
from rw2fa_daemon.core.sms_text import fill
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, End, Stage, Transition, let_in, refuse

BLIND_SECONDS: Final = 1.0
"""An answer that comes sooner was typed by nobody who had looked for a message."""

RESEND_SECONDS: Final = 30
"""After a message, before another may go to the same user."""

ENTERED_MAX: Final = 16
"""How often one conversation takes Enter for an answer; the hook ends it after 32 questions of any kind."""

CLOCK_SLACK_SECONDS: Final = 60
"""By how much a clock may be set back while a code is outstanding."""


def ask_for_sms_code(account: Account, context: Context) -> Transition:
    """The question, before anything is sent or stored."""
    rules, chance, phone = _needed(account, context)
    number = phone.reveal().decode()
    error = context.error
    if not number.startswith(rules.allowed):
        reason = "the number is in no country that sms.countries allows"
        error = SmsError(Rule.SMS_COUNTRY, Prompt.SMS_COUNTRY.value, reason, limit=True)
    if error is not None:
        return _without_sms(account, error, context)
    hands_out = context.client.enrolment and not account.phone_confirmed and not account.recovery
    state = ConversationState(Stage.SMS, login=chance.login(), activates=hands_out, on_request=context.unattended)
    return Transition(account, _first_question(state, account, phone, context), state)


def due(state: ConversationState, account: Account, context: Context) -> Transition:
    """Nobody has answered at once: the code that is stored before its message goes out."""
    stored, sms = _new_code(state, account, context)
    return Transition(stored, None, state, sms=sms)


def entered(state: ConversationState, account: Account, context: Context) -> Transition:
    """The transition after Enter alone: say what became of the message, and send another where it is time."""
    _, _, phone = _needed(account, context)
    if state.entered >= ENTERED_MAX:
        return refuse(account, context, Event.NO_ANSWER, Rule.NO_ANSWER, "no code: Enter alone, too often")
    again = replace(state, n=state.n + 1, entered=state.entered + 1)
    sms_attempt, report = context.sms_attempt, context.sms_attempt.report
    if report.state is DeliveryState.NONE:
        # A login that asks for a message waits for the blind second as well: a pipe full of empty lines is no user.
        asked = replace(again, on_request=False)
        return Transition(account, _first_question(asked, account, phone, context), asked)
    if report.state is DeliveryState.UNDER_WAY:
        return Transition(account, _question(again, Prompt.SMS_UNDER_WAY.value, account, context), again)
    if report.state is not DeliveryState.SENT and sms_attempt.number != state.told:
        return _failed(replace(again, told=sms_attempt.number), account, report, context)
    wait = 0 if report.state is DeliveryState.FAILED else _wait(account, context)
    if wait:
        text = Prompt.SMS_SOON.value.format(ago=RESEND_SECONDS - wait, seconds=wait)
        return Transition(account, _question(again, text, account, context), again)
    stored, sms = _new_code(again, account, context)
    text = Prompt.SMS_AGAIN.value.format(ending=ending(phone.reveal().decode()))
    return Transition(stored, _question(again, text, stored, context), again, sms=sms)


def judge_sms_code(state: ConversationState, account: Account, code: str, context: Context) -> Transition:
    """The transition after a code was typed."""
    _, chance, _ = _needed(account, context)
    outstanding = account.sms_code
    typed = chance.digest(account.generation, state.login, Secret(code.encode()))
    if outstanding is None or not hmac.compare_digest(outstanding.digest, typed) or outstanding.login != state.login:
        charged = _charged(account, context)
        return wrong(state, charged, context, lambda again: _asked_again(again, charged, context))
    spent = replace(account, sms_code=None)
    if not outstanding.sent_at - CLOCK_SLACK_SECONDS <= context.now < outstanding.until:
        record = context.record(Event.CODE_OUTSIDE_WINDOW, Decision.DENY, Rule.CODE_OUTSIDE_WINDOW, "sent too long ago")
        again = replace(state, n=state.n + 1)
        return Transition(spent, _question(again, Prompt.SMS_EXPIRED.value, spent, context), again, (record,))
    right = replace(spent, counters=lockout.clear(spent.counters))
    if account.phone_confirmed:
        return let_in(remember_session(right, context), context, Event.ACCEPTED, Rule.CODE_RIGHT, reason="by SMS")
    confirmed = replace(right, phone_confirmed=True)
    recovery = context.recovery if state.activates else None
    return activated(replace(state, n=state.n + 1), confirmed, replace(context, recovery=recovery))


def judge_recovery_code_by_sms(
    state: ConversationState, account: Account, attempt: HashedAttempt, context: Context
) -> Transition:
    """The transition after a recovery code was typed in place of a code; it is charged like one."""
    right = take_recovery_code(replace(account, sms_code=None), attempt, context)
    if right is not None:
        return right
    charged = _charged(account, context)
    return wrong(state, charged, context, lambda again: _asked_again(again, charged, context))


def _needed(account: Account, context: Context) -> tuple[SmsRules, SmsRandomness, Secret]:
    """What a login by SMS never lacks: the policy has checked."""
    if context.settings.sms is None or context.resources.sms_randomness is None or account.phone is None:
        raise ValueError("a login by SMS without settings or number")
    return context.settings.sms, context.resources.sms_randomness, account.phone


def _without_sms(account: Account, error: SmsError, context: Context) -> Transition:
    """Say at once that no message comes, and ask for a recovery code if there are any."""
    event = Event.SMS_REFUSED if error.limit else Event.SMS_FAILED
    if not account.recovery:
        record = context.record(event, Decision.DENY, error.rule, error.reason)
        return Transition(account, End(Rc.AUTH_ERR, error.rule, error.user), None, (record,))
    record = context.record(event, Decision.CODE, error.rule, f"{error.reason}; asked for a recovery code")
    state = ConversationState(Stage.RECOVERY)
    return Transition(account, Ask(state.n, Prompt.SMS_RECOVERY.value.format(why=error.user), FORM), state, (record,))


def _failed(state: ConversationState, account: Account, report: DeliveryReport, context: Context) -> Transition:
    """Say why no message came, and what else there is."""
    if report.again:
        text = Prompt.SMS_FAILED_RECOVERY if account.recovery else Prompt.SMS_FAILED
        return Transition(account, _question(state, text.value.format(why=report.user), account, context), state)
    if account.recovery:
        only = replace(state, stage=Stage.RECOVERY)
        return Transition(account, Ask(only.n, Prompt.SMS_RECOVERY.value.format(why=report.user), FORM), only)
    return with_reason(Transition(account, End(Rc.AUTH_ERR, Rule.SMS_FAILED, report.user)), state.n - 1, context)


def _first_question(state: ConversationState, account: Account, phone: Secret, context: Context) -> Ask:
    text = Prompt.SMS_ON_REQUEST if state.on_request else Prompt.SMS_PROMPT
    filled = text.value.format(ending=ending(phone.reveal().decode()), seconds=RESEND_SECONDS)
    return _question(state, filled, account, context)


def _asked_again(state: ConversationState, account: Account, context: Context) -> Ask:
    """After a wrong answer."""
    if state.stage is Stage.RECOVERY:
        return Ask(state.n, Prompt.SMS_RECOVERY_WRONG.value, FORM)
    return _question(state, Prompt.CODE_WRONG.value, account, context)


def _question(state: ConversationState, text: str, account: Account, context: Context) -> Ask:
    form = f"digits:{context.settings.digits}-{context.settings.digits}"
    return Ask(state.n, text, f"{form},{FORM}" if account.recovery else form)


def _new_code(state: ConversationState, account: Account, context: Context) -> tuple[Account, SmsMessage]:
    """The account with a new code in place of any other, and the message that brings it."""
    rules, chance, phone = _needed(account, context)
    code, now = chance.code(context.settings.digits), int(context.now)
    digest = chance.digest(account.generation, state.login, code)
    body = fill(rules.message, code.reveal().decode(), context.settings.issuer)
    sms = SmsMessage(phone, Secret(body.encode()), rules.quotas(account.name, phone, context.source))
    return replace(account, sms_code=SmsCode(digest, state.login, now, now + rules.valid_seconds)), sms


def _wait(account: Account, context: Context) -> int:
    """Seconds until another message may go to this user, whichever login asked for the last one."""
    if account.sms_code is None:
        return 0
    left = account.sms_code.sent_at + RESEND_SECONDS - int(context.now)
    return left if 0 < left <= RESEND_SECONDS else 0


def _charged(account: Account, context: Context) -> Account:
    """Charged to the lock and to the guess budget, as an app's code that is looked for near the present."""
    counters = lockout.charge(account.counters, context.now)
    return replace(account, counters=spend_guess(counters, Reach.NARROW, context.now))
