"""The person sets up a device: the token, the QR code, the first code, the recovery codes."""

from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.audit import Event
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
from rw2fa_daemon.core.moves import ANYTHING, Ask, Context, End, Move, Stage, Talk, let_in, refuse
from rw2fa_daemon.core.otp import step_at
from rw2fa_daemon.core.policy import Decision, Rc
from rw2fa_daemon.core.prompts import Prompt, span
from rw2fa_daemon.core.recovery_codes import FORM, HashedAttempt, without

PICTURES_MAX: Final = 12
"""Renderings of its QR code that one conversation shows for the asking: each of them, and again."""

OVERTAKEN: Final = "the account changed during the login"
"""Why a login ends whose question no longer fits."""


def offer_enrolment(account: Account | None, context: Context) -> Move:
    """Ask for the token where one is wanted, else show the pending secret."""
    known = account or Account(context.name, context.uid, context.fresh_generation())
    if known.token is not None:
        talk = Talk(Stage.TOKEN)
        return Move(known, Ask(talk.n, Prompt.PROOF_PROMPT.value, FORM), talk)
    return _show_secret(known, Talk(Stage.ENROL), context)


def judge_token(talk: Talk, account: Account, attempt: HashedAttempt, context: Context) -> Move:
    """The move after a token was typed. It stays good until the enrolment that it opens is finished."""
    if account.token is not None and without((account.token,), attempt) is None:
        return refuse(_counted(account), context, Event.REFUSED, "enrol-failed", "wrong token")
    return _show_secret(account, Talk(Stage.ENROL, n=talk.n + 1), context)


def next_picture(talk: Talk, account: Account, context: Context) -> Move:
    """The move after Enter alone: the same secret once more, drawn in the next way that this client may show."""
    if talk.offered is None or account.credential != talk.offered:
        return refuse(account, context, Event.REFUSED, "enrol", OVERTAKEN)
    again = replace(talk, n=talk.n + 1, pictures=talk.pictures + 1)
    text = enrolment_screen(account.name, talk.offered, context, again.pictures)
    return Move(account, _ask_first_code(again, text, talk.offered), again)


def judge_first_code(talk: Talk, account: Account, credential: Credential, code: str, context: Context) -> Move:
    """The move after the first code of a new device was typed."""
    first = check_first_code(
        credential, code, now=context.now, reach=context.guessing.discrepancy, codebook=context.codebook
    )
    again = replace(talk, n=talk.n + 1, wrong=talk.wrong + 1)
    if first.step is not None:
        return activated(replace(talk, n=talk.n + 1), activate(account, credential, first.step), context)
    if first.outcome is FirstCode.CLOCK_OFF and again.wrong < ENROL_TRIES:
        return _ask_for_right_clock(again, account, credential, first.offset)
    failed = _counted(account)
    if again.wrong >= ENROL_TRIES or exhausted(failed.counters):
        return refuse(failed, context, Event.CODE_WRONG, "enrol-failed", "wrong first codes", Prompt.ENROL_FAILED)
    look = far(credential, code, again.wrong, context.now, context.guessing.discrepancy)
    return Move(failed, _ask_first_code(again, Prompt.ENROL_WRONG.value, credential), again, far=look)


def first_code_of_another_hour(talk: Talk, account: Account, step: int, look: Far) -> Move:
    """The move after a first code turned out to be that of a phone that is hours off; `talk` is the next question."""
    period = look.credential.period
    return _ask_for_right_clock(talk, account, look.credential, (step - step_at(look.now, period)) * period)


def _ask_for_right_clock(talk: Talk, account: Account, credential: Credential, offset: int) -> Move:
    text = Prompt.ENROL_CLOCK.value.format(minutes=span(offset))
    return Move(account, _ask_first_code(talk, text, credential), talk)


def noted(account: Account, context: Context) -> Move:
    """The move after the person has seen the recovery codes."""
    return Move(account, End(Rc.SUCCESS, "activated", Prompt.ACTIVATED.value, context.uid))


def _show_secret(account: Account, talk: Talk, context: Context) -> Move:
    """Show the pending secret, made now if there is none; an unfinished enrolment keeps its own."""
    offered, credential = with_secret(account, context)
    talk = replace(talk, offered=credential)
    text = enrolment_screen(offered.name, credential, context, talk.pictures)
    record = context.record(Event.ENROLMENT_OFFERED, Decision.ENROL, "enrol")
    return Move(offered, _ask_first_code(talk, text, credential), talk, (record,))


def activated(talk: Talk, account: Account, context: Context) -> Move:
    """Stored as active before anything is said; then the recovery codes, which are shown only now."""
    if context.recovery is None:
        active = remember_session(account, context)
        return let_in(active, context, Event.ACTIVATED, "activated", text=Prompt.ACTIVATED.value)
    active = remember_session(replace(account, recovery=context.recovery.digests), context)
    record = context.record(Event.ACTIVATED, Decision.ALLOW, "activated")
    lines = "\n".join(f"  {word}" for word in context.recovery.codes)
    last = replace(talk, stage=Stage.NOTED)
    return Move(active, Ask(last.n, Prompt.RECOVERY_CODES.value.format(codes=lines), ANYTHING), last, (record,))


def _ask_first_code(talk: Talk, text: str, credential: Credential) -> Ask:
    return Ask(talk.n, text, f"digits:{credential.digits}-{credential.digits}")


def _counted(account: Account) -> Account:
    counters = replace(account.counters, enrol_failures=account.counters.enrol_failures + 1)
    return replace(account, counters=counters)
