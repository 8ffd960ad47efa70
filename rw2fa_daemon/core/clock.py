"""Whether this host's clock is right: what time servers say in, a verdict out.

It is shown, and an alarm when it is wrong. Nothing sets or shifts a clock with it, and no login is
decided by it (promise 12). An offset is the seconds by which the servers are ahead of this host.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.rule import Rule

WARN_SECONDS: Final = 5.0
ERROR_SECONDS: Final = 15.0
"""Half of the narrow window: one step of 30 s each way is all that a device has where guessing has used up the rest."""

AGREE_SECONDS: Final = 1.0
"""So far a server may be from the median, its own uncertainty set aside, before it is an outlier."""

FRESH_SECONDS: Final = 3 * 60 * 60
"""A comparison of every hour that failed twice is too old to say something about now."""

MOVED_SECONDS: Final = 1.0
"""A clock that was set by more than this since it was compared has to be compared again."""


class Verdict(StrEnum):
    """What is known about the clock."""

    OK = "ok"
    WARN = "warn"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking one server at one of its addresses.

    `server` is as configured; `address` is empty where the name was not resolved. `offset` is None
    where there is none to be trusted, and `problem` says why. `distance` is by how many seconds the
    offset may be off, by the server's own statement and the way there.
    """

    server: str
    address: str = ""
    offset: float | None = None
    distance: float = 0.0
    stratum: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The offset that most servers agree on, or None and why there is none; and who does not agree."""

    offset: float | None
    outliers: tuple[Answer, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the kernel was told by whatever keeps the clock (adjtimex(2)).

    `synchronised` is None where the kernel does not say. `max_error` is its bound in seconds.
    """

    synchronised: bool | None = None
    max_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Instant:
    """Now: UTC seconds by the clock in question, and seconds since this host started, by one that nobody sets."""

    utc: float
    uptime: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One comparison of the clock."""

    at: Instant
    kernel: Kernel
    answers: tuple[Answer, ...]
    problem: str = ""
    """Why no server could be asked; empty if one was."""


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """What is known about the clock now.

    `offset` in seconds, None if unknown; `age` of that knowledge in seconds, None if there is none;
    `detail` a clause for administrators.
    """

    verdict: Verdict
    offset: float | None
    age: float | None
    detail: str


def agree(answers: Sequence[Answer]) -> Agreement:
    """The median of the offsets, if more than half of the servers are near it.

    The lower median, so that it is an answer that a server gave: between two that contradict each
    other lies a number that is nobody's.
    """
    usable = [(answer.offset, answer) for answer in answers if answer.offset is not None]
    if not usable:
        return Agreement(None, problem=_why_none(answers))
    median = sorted(offset for offset, _ in usable)[(len(usable) - 1) // 2]
    outliers = tuple(answer for offset, answer in usable if abs(offset - median) > AGREE_SECONDS + answer.distance)
    if 2 * len(outliers) >= len(usable):
        said = ", ".join(f"{answer.server} {offset:+.2f} s" for offset, answer in usable)
        return Agreement(None, outliers, f"the time servers contradict one another ({said})")
    return Agreement(median, outliers)


def assess(measurement: Measurement | None, now: Instant) -> ClockStatus:
    """What a comparison made some time ago says about now."""
    if measurement is None:
        return ClockStatus(Verdict.UNKNOWN, None, None, "never compared with a time server")
    then = measurement.at
    age = now.uptime - then.uptime
    moved = (now.utc - then.utc) - age
    if age < 0 or abs(moved) > MOVED_SECONDS:
        # Between two starts of a host the difference is the time it was up before, and down.
        return ClockStatus(
            Verdict.UNKNOWN, None, None, "not compared with a time server since this host started, or its clock was set"
        )
    if age > FRESH_SECONDS:
        return ClockStatus(Verdict.UNKNOWN, None, age, f"last compared {span(age)} ago")
    return _fresh(measurement, age)


def _fresh(measurement: Measurement, age: float) -> ClockStatus:
    agreement = agree(measurement.answers)
    when = f"compared {span(age)} ago"
    if agreement.offset is not None:
        odd = ", ".join(f"{answer.server} ({answer.offset:+.2f} s)" for answer in agreement.outliers)
        others = f", which does not hold for {odd}" if odd else ""
        return ClockStatus(judge(agreement.offset), agreement.offset, age, f"{apart(agreement.offset)}, {when}{others}")
    reason = measurement.problem or agreement.problem
    kernel = measurement.kernel
    if kernel.synchronised and kernel.max_error <= WARN_SECONDS:
        within = f"{kernel.max_error:.2f} s, as the kernel said {span(age)} ago"
        detail = f"kept by a time service to within {within}; {reason}"
        return ClockStatus(Verdict.OK, None, age, detail)
    return ClockStatus(Verdict.UNKNOWN, None, age, f"{reason}, tried {span(age)} ago")


def judge(offset: float) -> Verdict:
    """How bad an offset is."""
    if abs(offset) > ERROR_SECONDS:
        return Verdict.ERROR
    return Verdict.WARN if abs(offset) > WARN_SECONDS else Verdict.OK


_WRONG: Final = {Verdict.WARN: Rule.CLOCK_WARN, Verdict.ERROR: Rule.CLOCK_ERROR}


def alarm(before: ClockStatus, after: ClockStatus, utc: float) -> Record | None:
    """What goes into the audit after a comparison: a wrong clock each time, and that it is right again once."""
    rule = _WRONG.get(after.verdict)
    if rule is not None:
        return Record(Event.CLOCK_WRONG, utc, rule=rule, reason=f"this host's clock is {after.detail}")
    if before.verdict in _WRONG and after.verdict is Verdict.OK:
        return Record(Event.CLOCK_RIGHT, utc, rule=Rule.CLOCK_OK, reason=f"this host's clock is {after.detail}")
    return None


def apart(offset: float) -> str:
    """An offset in words, as what the clock is."""
    return f"{abs(offset):.2f} s {'behind' if offset > 0 else 'ahead of'} the time servers"


def span(seconds: float) -> str:
    """A duration in words, rounded down."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _why_none(answers: Sequence[Answer]) -> str:
    if not answers:
        return "no time server is configured"
    return "no time server gave a usable answer (" + ", ".join(f"{a.server}: {a.problem}" for a in answers) + ")"
