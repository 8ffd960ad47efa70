"""This host's clock, as `status` and `clock` show it."""

from typing import Final

from rw2fa_daemon.cli.printing import shown
from rw2fa_daemon.clock.instant import now
from rw2fa_daemon.clock.last import last
from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.clock import ClockStatus, Measurement, Verdict, assess

_WORDS: Final = {
    Verdict.OK: "right",
    Verdict.WARN: "off",
    Verdict.ERROR: "WRONG",
    Verdict.UNKNOWN: "not known to be right",
}


def look_at_clock(config: Config, *, refresh: bool) -> tuple[Measurement | None, ClockStatus]:
    """The last comparison, or a new one, and what it says about the present."""
    if not refresh:
        measurement = last(config.state)
        return measurement, assess(measurement, now())
    from rw2fa_daemon.clock.watch import compare  # noqa: PLC0415 - ctypes and sockets, not needed otherwise

    measurement = compare(config.relay_socket, config.time_servers, config.state)
    return measurement, assess(measurement, measurement.at)


def clock_facts(clock_status: ClockStatus) -> dict[str, object]:
    """For programs. `clock_offset`: seconds by which the time servers are ahead, null if unknown."""
    return {
        "clock_offset": None if clock_status.offset is None else round(clock_status.offset, 6),
        "clock_age": None if clock_status.age is None else round(clock_status.age, 3),
        "clock_verdict": clock_status.verdict,
        "clock_detail": clock_status.detail,
    }


def clock_line(clock_status: ClockStatus) -> str:
    """For a human to read."""
    return f"{_WORDS[clock_status.verdict]}: {shown(clock_status.detail)}"
