"""Why a login is refused, told where an end alone would not tell it (decision 9)."""

import math
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account_state import lock_of
from rw2fa_daemon.core.clients import Information, Prompts
from rw2fa_daemon.core.login import Slot
from rw2fa_daemon.core.prompts import Prompt, span
from rw2fa_daemon.core.transitions import ANYTHING, Ask, Context, ConversationState, End, Stage, Transition

WORTH_READING: Final = frozenset(
    text.value
    for text in (
        Prompt.ASK_ADMINISTRATOR,
        Prompt.ENROL_CLOSED,
        Prompt.ENROL_ELSEWHERE,
        Prompt.ENROL_FAILED,
        Prompt.ENROL_OTHER_NAME,
        Prompt.LOCKED,
        Prompt.SMS_COUNTRY,
        Prompt.SMS_DOWN,
        Prompt.SMS_LIMIT,
        Prompt.SMS_NOT_SET_UP,
    )
)
"""What helps the user; that the login is refused shows by itself."""

_BEGINNINGS: Final = tuple(prompt.value.partition("{")[0] for prompt in (Prompt.CLOCK, Prompt.LOCKED_FOR))
"""Of those that have a time in them."""

LOCK_TOLD_SECONDS: Final = 24 * 60 * 60
"""The longest lock whose end a user is told to wait for; who is locked for longer needs an administrator."""


def told(transition: Transition, asked: int, context: Context) -> Transition:
    """The transition, `asked` questions into the conversation, with a last question that carries its reason if need be.

    A client that holds messages back until the next prompt shows none with an end. What is decided stays decided,
    whatever the answer is.
    """
    transition = _until_when(transition, context)
    worth = isinstance(transition.say, End) and (
        transition.say.text in WORTH_READING or transition.say.text.startswith(_BEGINNINGS)
    )
    return with_reason(transition, asked, context) if worth else transition


def _until_when(transition: Transition, context: Context) -> Transition:
    """The transition with a lock's end in its sentence, at the portal.

    There nobody comes this far without the password (decision 35). Elsewhere an administrator may have put our line
    before it.
    """
    end, account = transition.say, transition.account
    if not context.client.portal or account is None or not isinstance(end, End) or end.text != Prompt.LOCKED.value:
        return transition
    lock = lock_of(account, context.settings, context.now)
    if lock is None:
        return transition
    left = None if lock.until is None else lock.until - context.now
    # Whole minutes, up: not to be told to come back too early.
    text = (
        Prompt.ASK_ADMINISTRATOR.value
        if left is None or left > LOCK_TOLD_SECONDS
        else Prompt.LOCKED_FOR.value.format(span=span(60 * math.ceil(left / 60)))
    )
    return replace(transition, say=replace(end, text=text))


def with_reason(transition: Transition, asked: int, context: Context) -> Transition:
    """The same, whatever the reason is."""
    end, client = transition.say, context.client
    if not isinstance(end, End):
        return transition
    if client.information is not Information.WITH_PROMPT or client.prompts is not Prompts.MANY:
        return transition
    if context.login.slot is Slot.FIRST:
        # Before the password: strangers are told nothing.
        return transition
    ask = Ask(asked + 1, Prompt.TOLD_PROMPT.value.format(reason=end.text), ANYTHING)
    return replace(transition, say=ask, state=ConversationState(Stage.TOLD, n=ask.n, end=replace(end, text="")))
