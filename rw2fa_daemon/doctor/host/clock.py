"""Whether the clock is right, and whether something keeps it right."""

from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.clock.watch import compare
from rw2fa_daemon.core.clock import Measurement, Verdict, assess
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import HOST, Subject

#: A window of this many steps each way (five minutes) tolerates the drift of some months.
WIDE_WINDOW: Final = 10
_REMEDY: Final = "run an NTP client, such as systemd-timesyncd or chrony"


def check_clock(subject: Subject) -> Iterator[Finding]:
    """Compares the clock now. Servers that do not answer are a state of the network, not a fault of this host."""
    if subject.root != HOST:
        yield Finding("clock", ok=True, detail="not checked: the clock is this host's, not that of the root folder")
        return
    config = subject.config
    measurement = compare(config.relay_socket, config.time_servers, config.state)
    yield clock_finding(measurement)
    yield from kernel_findings(measurement, config.discrepancy)


def clock_finding(measurement: Measurement) -> Finding:
    """The result of the comparison: an error is a fault, an offset that is only a warning is a note."""
    clock_status = assess(measurement, measurement.at)
    wrong = clock_status.verdict in {Verdict.WARN, Verdict.ERROR}
    return Finding(
        "clock",
        ok=clock_status.verdict is not Verdict.ERROR,
        detail=f"this host's clock, by which codes are checked, is {clock_status.detail}"
        if clock_status.verdict is not Verdict.UNKNOWN
        else f"it is not known whether this host's clock is right: {clock_status.detail}",
        fix=f"{_REMEDY}; if one runs, find out why it does not set the clock" if wrong else "",
    )


def kernel_findings(measurement: Measurement, discrepancy: int) -> Iterator[Finding]:
    """An unwatched clock: a failure where the window (steps each way) is narrow, a warning where it is wide."""
    if measurement.kernel.synchronised is False:
        yield Finding(
            "clock-service",
            ok=discrepancy >= WIDE_WINDOW,
            detail="the kernel's clock is not synchronised: no program keeps it right",
            fix=_REMEDY,
        )
