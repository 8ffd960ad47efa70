"""One code judged: right, used before, out of its reach, or wrong."""

from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain
from typing import Final

from rw2fa_daemon.core import lockout, steps
from rw2fa_daemon.core.account import Counters, Credential
from rw2fa_daemon.core.budget import NARROW_STEPS, Guessing, Reach, reach, spend_guess
from rw2fa_daemon.core.code_cache import NEAR_STEPS, CodeCache
from rw2fa_daemon.core.otp import step_at

SEARCHED: Final = 2
"""How many times as wide as the window the search for a code is, so that a wrong clock is told from a wrong code."""


class Verdict(Enum):
    """What a code turned out to be."""

    RIGHT = "right"
    USED_BEFORE = "used before"
    """Right for a step that was spent already, or is older than the last accepted one."""
    OUTSIDE = "outside"
    """Right for a step beyond what may count now: a clock is wrong."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and how far from the server's time the code was, in seconds (negative: late)."""

    verdict: Verdict
    offset: int = 0


def judge(
    credential: Credential, counters: Counters, code: str, *, now: float, guessing: Guessing, code_cache: CodeCache
) -> tuple[Judgement, Counters]:
    """Judge a code of the right form; gives the verdict and the counters to store.

    `now` is UTC seconds. What a failure costs, to the lock and to the guess budget, depends on what was
    before and never on the code; a right one is not charged. The search goes outward from where the
    device was last seen (RFC 6238 §6). Beyond the window the code is looked for up to twice its
    width, so that a wrong clock is told apart from a wrong code; such a step is burned.
    """
    now_step = step_at(now, credential.period)
    discrepancy = guessing.discrepancy
    drift = max(-discrepancy, min(counters.drift, discrepancy))
    how_far = reach(counters, credential.digits, guessing, now)

    def in_reach(step: int) -> bool:
        if how_far is Reach.WIDE and (step <= now_step or step > counters.floor + discrepancy):
            return abs(step - now_step) <= discrepancy
        # Also ahead of a floor that was just set: a fast phone may have shown that code before (core/rollback.py).
        return min(abs(step - now_step), abs(step - now_step - drift)) <= min(NARROW_STEPS, discrepancy)

    # Now and then two steps of a window share a code: what was typed once is used, whichever step it was taken for.
    spent = (step for step in counters.used if abs(step - now_step) <= discrepancy)
    for step in code_cache.among(credential, code, spent):
        return Judgement(Verdict.USED_BEFORE, (step - now_step) * credential.period), counters

    near = code_cache.near(credential, code, now_step + drift, NEAR_STEPS)
    everywhere = code_cache.all_lazily(credential, code, now_step, SEARCHED * discrepancy)
    seen: list[int] = []
    for step in chain(near, everywhere):
        if in_reach(step) and steps.counts(counters, step, now_step):
            accepted = lockout.clear(steps.spend(counters, step, accepted=True))
            if accepted.drift != step - now_step:
                accepted = replace(accepted, drift=step - now_step)
            return Judgement(Verdict.RIGHT, (step - now_step) * credential.period), accepted
        seen.append(step)

    charged = _charged(counters, how_far, now)
    seen.sort(key=lambda step: abs(step - now_step))
    for step in seen:
        if abs(step - now_step) <= discrepancy and not steps.counts(counters, step, now_step):
            return Judgement(Verdict.USED_BEFORE, (step - now_step) * credential.period), counters
    if seen:
        burned = steps.spend(charged, seen[0], accepted=False)
        return Judgement(Verdict.OUTSIDE, (seen[0] - now_step) * credential.period), burned
    return Judgement(Verdict.WRONG), charged


def charge(counters: Counters, digits: int, guessing: Guessing, now: float) -> Counters:
    """The counters after a wrong answer, which costs the same whatever was typed."""
    return _charged(counters, reach(counters, digits, guessing, now), now)


def _charged(counters: Counters, how_far: Reach, now: float) -> Counters:
    return spend_guess(lockout.charge(counters, now), how_far, now)
