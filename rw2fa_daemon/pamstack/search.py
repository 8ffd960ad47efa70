"""Every way through a stack: a bounded search over the answers that the modules may give. Pure."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from rw2fa_daemon.pamstack.codes import Code
from rw2fa_daemon.pamstack.dispatch import START, State, enter, step, verdict
from rw2fa_daemon.pamstack.modules import Role, answers, role
from rw2fa_daemon.pamstack.stack import Handler, Stack

#: Distinct situations that are examined; Debian's longest stack has some hundreds.
SITUATIONS_MAX: Final = 100_000


class Slot(StrEnum):
    """The place of one of our lines in a stack (its `slot=`)."""

    MAIN = "main"
    FIRST = "first"
    KEY = "key"


class TooManyWays(ValueError):
    """The stack has more situations than the search examines."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What has happened on a way through the stack.

    `judged`: our line succeeded, or ignored the login; `said_yes`: it succeeded. `refused`: it refused. `proved`:
    a module that asks for a first factor succeeded; `maybe_proved`: so did one that is not in the table; `carded`: so
    did one that asks for a smart card and its PIN. `caller`: the caller of the program needs no authentication.
    """

    judged: bool = False
    said_yes: bool = False
    refused: bool = False
    proved: bool = False
    maybe_proved: bool = False
    carded: bool = False
    caller: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A handler and what it answered."""

    handler: Handler
    answer: Code

    def __str__(self) -> str:
        return f"{self.handler.where} = {self.answer.word}"


@dataclass(frozen=True, slots=True)
class Call:
    """One of our lines being called, with what had happened before."""

    handler: Handler
    slot: Slot
    before: Facts


@dataclass(frozen=True, slots=True)
class End:
    """One way to an end of the phase: what libpam returns, what had happened, and the shortest way there."""

    result: Code
    facts: Facts
    trail: tuple[Step, ...]

    @property
    def lets_in(self) -> bool:
        """Whether a login continues from here; a demand for a new password is met by asking for one.

        After auth as well: LightDM (src/session-child.c) then changes the password and opens the session.
        """
        return self.result in (Code.SUCCESS, Code.NEW_AUTHTOK_REQD)


@dataclass(frozen=True, slots=True)
class Ways:
    """What a search found: each kind of end once, and each call of ours."""

    ends: tuple[End, ...]
    calls: tuple[Call, ...]


@dataclass(slots=True)
class _Found:
    ends: dict[tuple[Code, Facts], End] = field(default_factory=dict)
    calls: dict[Call, None] = field(default_factory=dict)


def slot_of(handler: Handler) -> Slot:
    """The slot that one of our lines names; the last one counts, and unknown values are ignored."""
    named = [argument.partition("=")[2] for argument in handler.arguments if argument.startswith("slot=")]
    return Slot(named[-1]) if named and named[-1] in list(Slot) else Slot.MAIN


def ways(stack: Stack) -> Ways:
    """All ways through a stack, breadth first. Raises TooManyWays."""
    found = _Found()
    beginning = (enter(stack, START), Facts())
    # Each situation, and how it was first reached; a breadth-first search makes that the shortest way.
    seen: dict[tuple[State, Facts], tuple[tuple[State, Facts], Step] | None] = {beginning: None}
    waiting = [beginning]
    for situation in waiting:
        state, facts = situation
        if state.position >= len(stack):
            result = verdict(state)
            found.ends.setdefault((result, facts), End(result, facts, _trail(seen, situation)))
            continue
        handler = stack[state.position]
        if role(handler) is Role.OURS:
            found.calls.setdefault(Call(handler, slot_of(handler), facts))
        for answer in answers(handler):
            after = (enter(stack, step(stack, state, answer)), _note(facts, handler, answer))
            if after not in seen:
                seen[after] = (situation, Step(handler, answer))
                waiting.append(after)
        if len(seen) > SITUATIONS_MAX:
            raise TooManyWays(f"more than {SITUATIONS_MAX} situations")
    return Ways(tuple(found.ends.values()), tuple(found.calls))


def _trail(
    seen: dict[tuple[State, Facts], tuple[tuple[State, Facts], Step] | None], situation: tuple[State, Facts]
) -> tuple[Step, ...]:
    steps: list[Step] = []
    while (reached := seen[situation]) is not None:
        situation, taken = reached
        steps.append(taken)
    return tuple(reversed(steps))


def _note(facts: Facts, handler: Handler, answer: Code) -> Facts:
    """`facts` with what this answer adds to them."""
    succeeded = answer in (Code.SUCCESS, Code.NEW_AUTHTOK_REQD)
    match role(handler):
        case Role.OURS:
            # Our line for keys answers "ignore" if there was no key: then the main line still has to be reached.
            passes = succeeded or (answer is Code.IGNORE and slot_of(handler) is not Slot.KEY)
            if passes:
                return replace(facts, judged=True, said_yes=facts.said_yes or succeeded)
            return facts if answer is Code.IGNORE else replace(facts, refused=True)
        case Role.FIRST_FACTOR if succeeded:
            return replace(facts, proved=True)
        case Role.CARD if succeeded:
            return replace(facts, proved=True, carded=True)
        case Role.CALLER if succeeded:
            return replace(facts, caller=True)
        case Role.UNKNOWN if succeeded:
            return replace(facts, maybe_proved=True)
        case _:
            return facts
