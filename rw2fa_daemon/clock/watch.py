"""Comparing the clock with time servers."""

from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from rw2fa_daemon.audit.sink import open_sink
from rw2fa_daemon.clock.instant import now
from rw2fa_daemon.clock.kernel import ask_kernel
from rw2fa_daemon.clock.last import clock_status, keep
from rw2fa_daemon.core.clock import Measurement, alarm, assess
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.relay import ask_time

ANSWER_SECONDS: Final = 3.0
"""How long time servers may take to answer."""


def compare(relay: Path, servers: Sequence[str], state: Path, seconds: float = ANSWER_SECONDS) -> Measurement:
    """Ask the kernel, and time servers through the relay; store the outcome, and audit it if it raises an alarm.

    Takes at most `seconds` and the time that the relay needs to start. A missing network or relay is a valid outcome.
    """
    before = clock_status(state)
    kernel, problem = ask_kernel(), ""
    try:
        answers = ask_time(relay, servers, seconds) if servers else ()
    except Problem as unreachable:
        answers, problem = (), unreachable.what
    measurement = Measurement(now(), kernel, answers, problem)
    with suppress(OSError):
        # If there is no state yet, or no free space, the outcome is still returned.
        keep(state, measurement)
    record = alarm(before, assess(measurement, measurement.at), measurement.at.utc)
    if record is not None:
        with closing(open_sink(state)) as sink:
            sink.write(record)
    return measurement
