"""Why a login is refused, told where an end alone would not tell it (decision 9)."""

from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.clients import Information, Prompts
from rw2fa_daemon.core.login import Slot
from rw2fa_daemon.core.prompts import Prompt
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

_CLOCK: Final = Prompt.CLOCK.value.partition("{")[0]
"""The beginning, which is the same for every offset."""


def told(transition: Transition, asked: int, context: Context) -> Transition:
    """The transition, `asked` questions into the conversation, with a last question that carries its reason if need be.

    A client that holds messages back until the next prompt shows none with an end. What is decided stays decided,
    whatever the answer is.
    """
    worth = isinstance(transition.say, End) and (
        transition.say.text in WORTH_READING or transition.say.text.startswith(_CLOCK)
    )
    return with_reason(transition, asked, context) if worth else transition


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
