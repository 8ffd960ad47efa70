"""Whether the clock is right, and whether something keeps it so."""

from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.clock.watch import compare
from rw2fa_daemon.core.clock import Measurement, Verdict, assess
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import HOST, Subject

#: A window of so many steps each way (five minutes) bears the drift of some months.
WIDE_WINDOW: Final = 10
_REMEDY: Final = "run an NTP client, such as systemd-timesyncd or chrony"


def check_clock(subject: Subject) -> Iterator[Finding]:
    """Compares the clock now. That nobody answers is a state of the network, and no fault of this host."""
    if subject.root != HOST:
        yield Finding("clock", ok=True, detail="not looked at: it is this host's, and not that of the folder")
        return
    config = subject.config
    measurement = compare(config.relay_socket, config.time_servers, config.state)
    yield clock_finding(measurement)
    yield from kernel_findings(measurement, config.discrepancy)


def clock_finding(measurement: Measurement) -> Finding:
    """What the comparison came to: an error is to be mended, an offset that only warns is a note."""
    clock_status = assess(measurement, measurement.at)
    wrong = clock_status.verdict in {Verdict.WARN, Verdict.ERROR}
    return Finding(
        "clock",
        ok=clock_status.verdict is not Verdict.ERROR,
        detail=f"this host's clock, by which codes are judged, is {clock_status.detail}"
        if clock_status.verdict is not Verdict.UNKNOWN
        else f"whether this host's clock is right is not known: {clock_status.detail}",
        fix=f"{_REMEDY}, and see why it does not set the clock" if wrong else "",
    )


def kernel_findings(measurement: Measurement, discrepancy: int) -> Iterator[Finding]:
    """An unwatched clock: a failure where the window (steps each way) is narrow, a warning where it is wide."""
    if measurement.kernel.synchronised is False:
        yield Finding(
            "clock-service",
            ok=discrepancy >= WIDE_WINDOW,
            detail="the kernel does not know its clock to be right: nothing keeps it",
            fix=_REMEDY,
        )
