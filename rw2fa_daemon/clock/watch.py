"""Comparing the clock now."""

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
"""What time servers are given to answer."""


def compare(relay: Path, servers: Sequence[str], state: Path, seconds: float = ANSWER_SECONDS) -> Measurement:
    """Ask the kernel, and time servers through the relay; keep the outcome, and audit it where it alarms.

    Bounded in time by `seconds` and what the relay needs to start. No network and no relay are an outcome like others.
    """
    before = clock_status(state)
    kernel, problem = ask_kernel(), ""
    try:
        answers = ask_time(relay, servers, seconds) if servers else ()
    except Problem as unreachable:
        answers, problem = (), unreachable.what
    measurement = Measurement(now(), kernel, answers, problem)
    with suppress(OSError):
        # Where there is no state yet, or no room, it is still shown to whoever asked.
        keep(state, measurement)
    record = alarm(before, assess(measurement, measurement.at), measurement.at.utc)
    if record is not None:
        with closing(open_sink(state)) as sink:
            sink.write(record)
    return measurement
