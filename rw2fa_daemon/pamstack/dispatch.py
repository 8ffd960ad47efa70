"""How libpam evaluates the answers of modules (`_pam_dispatch_aux`), one step at a time. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from rw2fa_daemon.pamstack.codes import MUST_FAIL, Action, Code
from rw2fa_daemon.pamstack.stack import Handler, Kind, Stack


class Impression(Enum):
    """libpam's impression so far."""

    UNDEFINED = "undefined"
    POSITIVE = "positive"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class State:
    """Where in a stack libpam is, and its impression and status.

    `saved` has impression and status as they were when each substack was entered, the outermost first; a `reset`
    restores the last. `level` is that of the previous handler.
    """

    position: int = 0
    impression: Impression = Impression.UNDEFINED
    status: Code = MUST_FAIL
    level: int = 0
    saved: tuple[tuple[Impression, Code], ...] = ((Impression.UNDEFINED, MUST_FAIL),)


START: Final = State()


def enter(stack: Stack, state: State) -> State:
    """`state` moved to the next handler that calls a module, or past the end."""
    while state.position < len(stack):
        handler = stack[state.position]
        saved = state.saved[: handler.level + 1]
        if state.level < handler.level:
            saved = (*saved[: handler.level], (state.impression, state.status))
        state = replace(state, saved=saved)
        if handler.kind is not Kind.SUBSTACK:
            return state
        state = replace(state, position=state.position + 1, level=handler.level)
    return state


def step(stack: Stack, state: State, answer: Code) -> State:
    """The state after the handler at `state.position` (which `enter` has reached) answered."""
    handler = stack[state.position]
    action = handler.actions[answer]
    impression, status = state.impression, state.status
    ends = False
    if action == Action.RESET:
        impression, status = state.saved[handler.level]
    elif action in (Action.OK, Action.DONE):
        if impression is Impression.UNDEFINED or (impression is Impression.POSITIVE and status is Code.SUCCESS):
            impression, status = Impression.POSITIVE, answer
        ends = action == Action.DONE and impression is Impression.POSITIVE
    elif action in (Action.BAD, Action.DIE):
        if impression is not Impression.NEGATIVE:
            impression = Impression.NEGATIVE
            status = MUST_FAIL if answer is Code.IGNORE else answer
        ends = action == Action.DIE
    position = state.position
    if ends:
        position = _end_of_substack(stack, position)
    elif action > 0:
        position, left = _jump(stack, position, action)
        if left:
            impression, status = Impression.NEGATIVE, MUST_FAIL
    return State(position + 1, impression, status, handler.level, state.saved)


def _end_of_substack(stack: Stack, position: int) -> int:
    """The last handler of the substack that the one at `position` is in."""
    level = stack[position].level
    while position + 1 < len(stack) and stack[position + 1].level >= level:
        position += 1
    return position


def _jump(stack: Stack, position: int, count: int) -> tuple[int, int]:
    """The last handler that a jump skips, and how many of `count` are missing; a substack counts as one module."""
    level = stack[position].level
    while position + 1 < len(stack) and stack[position + 1].level >= level and count > 0:
        position += 1
        while position + 1 < len(stack) and stack[position + 1].level > level:
            position += 1
        count -= 1
    return position, count


def verdict(state: State) -> Code:
    """What the phase returns when `state` is past the end."""
    if state.status is Code.SUCCESS and state.impression is not Impression.POSITIVE:
        return MUST_FAIL
    return state.status


def run(stack: Stack, answer: Callable[[Handler], Code]) -> Code:
    """What a phase returns if each module answers as `answer` says. An empty stack is a refusal."""
    state = enter(stack, START)
    while state.position < len(stack):
        handler = stack[state.position]
        code = MUST_FAIL if handler.kind is Kind.MUST_FAIL else answer(handler)
        state = enter(stack, step(stack, state, code))
    return verdict(state)
