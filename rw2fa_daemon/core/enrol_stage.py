"""The user sets up a device: the token, the QR code, the first code, the recovery codes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.audit import Event
from rw2fa_daemon.core.clients import Qr
from rw2fa_daemon.core.code_stage import remember_session
from rw2fa_daemon.core.enrol_screen import enrolment_screen
from rw2fa_daemon.core.enrolment import (
    ENROL_TRIES,
    FirstCode,
    activate,
    check_first_code,
    exhausted,
    with_secret,
)
from rw2fa_daemon.core.far_clock import Far, far
from rw2fa_daemon.core.otp import step_at
from rw2fa_daemon.core.page_text import recovery_text
from rw2fa_daemon.core.policy import Decision, Rc
from rw2fa_daemon.core.prompts import Prompt, span
from rw2fa_daemon.core.recovery_codes import FORM, HashedAttempt, without
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.transitions import (
    ANYTHING,
    Ask,
    Context,
    ConversationState,
    End,
    Stage,
    Transition,
    let_in,
    refuse,
)

PICTURES_MAX: Final = 12
"""Renderings of its QR code that one conversation shows for the asking: each of them, and again."""

OVERTAKEN: Final = "the account changed during the login"
"""Why a login ends whose question no longer fits."""


def offer_enrolment(account: Account | None, context: Context) -> Transition:
    """Ask for the token where one is wanted, else show the pending secret."""
    known = account or Account(context.name, context.uid, context.resources.fresh_generation())
    if known.token is not None:
        state = ConversationState(Stage.TOKEN)
        return Transition(known, Ask(state.n, Prompt.PROOF_PROMPT.value, FORM), state)
    return _show_secret(known, ConversationState(Stage.ENROL), context)


def judge_token(state: ConversationState, account: Account, attempt: HashedAttempt, context: Context) -> Transition:
    """The transition after a token was typed. It stays good until the enrolment that it opens is finished."""
    if account.token is not None and without((account.token,), attempt) is None:
        return refuse(_counted(account), context, Event.REFUSED, Rule.ENROL_FAILED, "wrong token")
    return _show_secret(account, ConversationState(Stage.ENROL, n=state.n + 1), context)


def next_picture(state: ConversationState, account: Account, context: Context) -> Transition:
    """The transition after Enter alone: the same secret once more, drawn in the next way that this client may show."""
    if state.offered is None or account.credential != state.offered:
        return refuse(account, context, Event.REFUSED, Rule.ENROL, OVERTAKEN)
    again = replace(state, n=state.n + 1, pictures=state.pictures + 1)
    text = enrolment_screen(account.name, state.offered, context, again.pictures)
    return Transition(account, _ask_first_code(again, text, state.offered), again)


def judge_first_code(
    state: ConversationState, account: Account, credential: Credential, code: str, context: Context
) -> Transition:
    """The transition after the first code of a new device was typed."""
    first = check_first_code(
        credential,
        code,
        now=context.now,
        reach=context.settings.guessing.discrepancy,
        code_cache=context.resources.code_cache,
    )
    again = replace(state, n=state.n + 1, wrong=state.wrong + 1)
    if first.step is not None:
        return activated(replace(state, n=state.n + 1), activate(account, credential, first.step), context)
    if first.outcome is FirstCode.CLOCK_OFF and again.wrong < ENROL_TRIES:
        return _ask_for_right_clock(again, account, credential, first.offset)
    failed = _counted(account)
    if again.wrong >= ENROL_TRIES or exhausted(failed.counters):
        return refuse(failed, context, Event.CODE_WRONG, Rule.ENROL_FAILED, "wrong first codes", Prompt.ENROL_FAILED)
    look = far(credential, code, again.wrong, context.now, context.settings.guessing.discrepancy)
    return Transition(failed, _ask_first_code(again, Prompt.ENROL_WRONG.value, credential), again, far=look)


def first_code_of_another_hour(state: ConversationState, account: Account, step: int, look: Far) -> Transition:
    """The transition after a first code was that of a phone that is hours off; `state` is the next question."""
    period = look.credential.period
    return _ask_for_right_clock(state, account, look.credential, (step - step_at(look.now, period)) * period)


def _ask_for_right_clock(state: ConversationState, account: Account, credential: Credential, offset: int) -> Transition:
    text = Prompt.ENROL_CLOCK.value.format(minutes=span(offset))
    return Transition(account, _ask_first_code(state, text, credential), state)


def noted(account: Account, context: Context) -> Transition:
    """The transition after the user has seen the recovery codes."""
    if context.client.portal:
        # The two minutes for the logon begin here: noting codes down may take longer.
        account = remember_session(account, context)
    return Transition(account, End(Rc.SUCCESS, Rule.ACTIVATED, Prompt.ACTIVATED.value, context.uid))


def _show_secret(account: Account, state: ConversationState, context: Context) -> Transition:
    """Show the pending secret, made now if there is none; an unfinished enrolment keeps its own."""
    offered, credential = with_secret(
        account, context.resources.fresh_secret, digits=context.settings.digits, now=context.now
    )
    state = replace(state, offered=credential)
    text = enrolment_screen(offered.name, credential, context, state.pictures)
    record = context.record(Event.ENROLMENT_OFFERED, Decision.ENROL, Rule.ENROL)
    return Transition(offered, _ask_first_code(state, text, credential), state, (record,))


def activated(state: ConversationState, account: Account, context: Context) -> Transition:
    """Stored as active before anything is said; then the recovery codes, which are shown only now."""
    if context.recovery is None:
        active = remember_session(account, context)
        return let_in(active, context, Event.ACTIVATED, Rule.ACTIVATED, text=Prompt.ACTIVATED.value)
    active = remember_session(replace(account, recovery=context.recovery.digests), context)
    record = context.record(Event.ACTIVATED, Decision.ALLOW, Rule.ACTIVATED)
    last = replace(state, stage=Stage.ACKNOWLEDGED)
    return Transition(active, Ask(last.n, _recovery_text(context, context.recovery.codes), ANYTHING), last, (record,))


def _recovery_text(context: Context, codes: Sequence[str]) -> str:
    if context.client.qr is Qr.URI:
        return recovery_text(codes)
    return Prompt.RECOVERY_CODES.value.format(codes="\n".join(f"  {word}" for word in codes))


def _ask_first_code(state: ConversationState, text: str, credential: Credential) -> Ask:
    return Ask(state.n, text, f"digits:{credential.digits}-{credential.digits}")


def _counted(account: Account) -> Account:
    counters = replace(account.counters, enrol_failures=account.counters.enrol_failures + 1)
    return replace(account, counters=counters)
