"""One code judged: right, used before, out of its window, or wrong."""

from dataclasses import dataclass
from enum import Enum

from rw2fa_daemon.core import lockout, steps
from rw2fa_daemon.core.account import Counters, Credential
from rw2fa_daemon.core.codebook import Codebook
from rw2fa_daemon.core.otp import step_at


class Verdict(Enum):
    """What a code turned out to be."""

    RIGHT = "right"
    USED_BEFORE = "used before"
    """Right for a step that was accepted already, or is older than the last accepted one."""
    OUTSIDE = "outside the window"
    """Right for a step beyond the window: a clock is wrong."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and how far from the server's time the code was, in seconds (negative: late)."""

    verdict: Verdict
    offset: int = 0


def judge(
    credential: Credential, counters: Counters, code: str, *, now: float, discrepancy: int, codebook: Codebook
) -> tuple[Judgement, Counters]:
    """Judge a code of the right form; gives the verdict and the counters to store.

    `now` is UTC seconds, `discrepancy` steps each way. The failure is charged before the code
    is looked at and refunded where it was right. Beyond the window the code is looked for up to
    twice its width, so that a wrong clock is told apart from a wrong code; such a step is
    burned.
    """
    now_step = step_at(now, credential.period)
    charged = lockout.charge(counters, now)

    for step in codebook.near(credential, code, now_step, discrepancy):
        if steps.counts(counters, step, now_step):
            return _right(step - now_step, credential, charged, step)

    found = codebook.all(credential, code, now_step, 2 * discrepancy)
    inside = [step for step in found if abs(step - now_step) <= discrepancy]
    for step in inside:
        if steps.counts(counters, step, now_step):
            return _right(step - now_step, credential, charged, step)
    if inside:
        offset = (inside[0] - now_step) * credential.period
        return Judgement(Verdict.USED_BEFORE, offset), lockout.refund(charged, counters)
    if found:
        offset = (found[0] - now_step) * credential.period
        return Judgement(Verdict.OUTSIDE, offset), steps.spend(charged, found[0], accepted=False)
    return Judgement(Verdict.WRONG), charged


def _right(distance: int, credential: Credential, charged: Counters, step: int) -> tuple[Judgement, Counters]:
    accepted = steps.spend(lockout.clear(charged), step, accepted=True)
    return Judgement(Verdict.RIGHT, distance * credential.period), accepted
