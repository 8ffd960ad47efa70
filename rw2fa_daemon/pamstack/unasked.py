"""What our lines change in a service for users who are not asked: nothing, if all is well (promise 14). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from rw2fa_daemon.pamstack.codes import ALL_BAD, Action, Actions, Code
from rw2fa_daemon.pamstack.dispatch import START, State, enter, step, verdict
from rw2fa_daemon.pamstack.lines import without
from rw2fa_daemon.pamstack.module_files import OUR_MODULE
from rw2fa_daemon.pamstack.modules import Role, answers, role
from rw2fa_daemon.pamstack.search import SITUATIONS_MAX, Step, TooManyWays
from rw2fa_daemon.pamstack.stack import Facility, Handler, Reader, Service, Stack, load

_NOTHING: Final[Actions] = (Action.IGNORE,) * len(ALL_BAD)


@dataclass(frozen=True, slots=True)
class Difference:
    """A way through a stack that differs from the one without our lines for users who are not asked."""

    service: str
    facility: Facility
    trail: tuple[Step, ...]
    before: str
    after: str

    @property
    def detail(self) -> str:
        """For an administrator to read."""
        way = "; ".join(map(str, self.trail)) or "at once"
        return (
            f"{self.service}: for users who are not asked for a code our {self.facility.value} line changes the "
            f"outcome of this way: {way}. It leads to {self.after}, and without our line to {self.before}"
        )

    @property
    def fix(self) -> str:
        """How to correct it."""
        return (
            f"let no jump skip the line with {OUR_MODULE}, and give its control `ignore=ignore`: recount the "
            f"numbers in square brackets in the {self.facility.value} lines of {self.service}, or move the line"
        )


def differences(service: str, read: Reader) -> Iterator[Difference]:
    """What our lines change in a service for users who are not asked, one difference for each facility.

    Raises SyntaxProblem if libpam cannot read the service, with our lines or without, and TooManyWays.
    """
    after = load(service, read)
    if not _has_ours(after):
        return

    def bare(path: str) -> str | None:
        text = read(path)
        return None if text is None else without(text)

    before = load(service, bare)
    for facility in Facility:
        found = compare(before.stack(facility), after.stack(facility))
        if found is not None:
            trail, old, new = found
            yield Difference(service, facility, trail, old, new)


def compare(before: Stack, after: Stack) -> tuple[tuple[Step, ...], str, str] | None:
    """The shortest way on which two stacks differ if our lines say "ignore"; None if all ways are the same.

    Both stacks are walked side by side: whatever the modules answer, the same ones have to be called in the same order,
    and the phase has to end with the same result. Lines of ours that are also in `before` were not added by the
    installer, and jumps count them on purpose: they are called and change nothing. Raises TooManyWays.
    """
    neutral = tuple(replace(one, actions=_NOTHING) if role(one) is Role.OURS else one for one in before)
    beginning = (_past_ours(neutral, enter(neutral, START)), _past_ours(after, enter(after, START)))
    seen: dict[tuple[State, State], tuple[tuple[State, State], Step] | None] = {beginning: None}
    waiting = [beginning]
    for situation in waiting:
        old, new = situation
        was, is_now = _next(neutral, old), _next(after, new)
        if _called(was) != _called(is_now) or (was is None and verdict(old) is not verdict(new)):
            return _trail(seen, situation), _outcome(was, old), _outcome(is_now, new)
        if was is None or is_now is None:
            continue
        for answer in answers(is_now):
            then = (
                _past_ours(neutral, enter(neutral, step(neutral, old, answer))),
                _past_ours(after, enter(after, step(after, new, answer))),
            )
            if then not in seen:
                seen[then] = (situation, Step(is_now, answer))
                waiting.append(then)
        if len(seen) > SITUATIONS_MAX:
            raise TooManyWays(f"more than {SITUATIONS_MAX} situations")
    return None


def _has_ours(service: Service) -> bool:
    return any(role(one) is Role.OURS for facility in Facility for one in service.stack(facility))


def _past_ours(stack: Stack, state: State) -> State:
    """`state` after the lines of ours that come next have said "ignore"."""
    while (handler := _next(stack, state)) is not None and role(handler) is Role.OURS:
        state = enter(stack, step(stack, state, Code.IGNORE))
    return state


def _next(stack: Stack, state: State) -> Handler | None:
    """The handler that is called next, None at the end."""
    return stack[state.position] if state.position < len(stack) else None


def _called(handler: Handler | None) -> tuple[object, ...] | None:
    """What distinguishes one handler from another, except the number of its line."""
    if handler is None:
        return None
    return handler.kind, handler.module, handler.arguments, handler.path, handler.actions


def _outcome(handler: Handler | None, state: State) -> str:
    return verdict(state).word if handler is None else handler.where


def _trail(
    seen: dict[tuple[State, State], tuple[tuple[State, State], Step] | None], situation: tuple[State, State]
) -> tuple[Step, ...]:
    steps: list[Step] = []
    while (reached := seen[situation]) is not None:
        situation, taken = reached
        steps.append(taken)
    return tuple(reversed(steps))
