"""Which time steps still count, and how they are spent (promise 1)."""

from bisect import bisect_left, insort
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core.account import Counters

USED_KEPT: Final = 64
"""Spent steps that are remembered one by one; older ones are covered by the floor."""

BESIDE_NOW: Final = 1
"""Steps around the server's time in which a code counts even if a later one was accepted."""


def counts(counters: Counters, step: int, now_step: int) -> bool:
    """Whether a right code for `step` may be accepted at `now_step`.

    It counts if it was never spent and is later than the last accepted one, or within one step
    of the server's time: a phone that ran fast and was put right works on, and an older code
    that was noted down does not.
    """
    if step <= counters.floor or spent(counters, step):
        return False
    return step > counters.last or abs(step - now_step) <= BESIDE_NOW


def spend(counters: Counters, step: int, *, accepted: bool) -> Counters:
    """The counters after `step` was accepted, or burned without being accepted.

    What is kept is bounded by count. The smallest step that no longer fits becomes the floor,
    so that forgetting it never makes a code valid again, whatever the clock does.
    """
    used = list(counters.used)
    if not spent(counters, step):
        insort(used, step)
    floor = counters.floor
    while len(used) > USED_KEPT:
        floor = max(floor, used.pop(0))
    last = max(counters.last, step) if accepted else counters.last
    return replace(counters, used=tuple(used), last=last, floor=floor)


def spent(counters: Counters, step: int) -> bool:
    """Whether `step` was accepted or burned, as far as that is remembered one by one."""
    at = bisect_left(counters.used, step)
    return at < len(counters.used) and counters.used[at] == step
