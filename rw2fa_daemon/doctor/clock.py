"""Whether something keeps the clock right."""

import ctypes
from collections.abc import Iterator
from typing import Final

from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import HOST, Subject

#: A window of so many steps each way (five minutes) bears the drift of some months.
WIDE_WINDOW: Final = 10
_TIMEX_BYTES: Final = 512
"""More than struct timex takes; with modes 0 the call only reads (adjtimex(2))."""
_TIME_ERROR: Final = 5


def clock_is_kept() -> bool | None:
    """Whether the kernel says that its clock is synchronised; None if it says nothing."""
    library = ctypes.CDLL(None, use_errno=True)
    try:
        state = int(library.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    except AttributeError:
        return None
    return None if state < 0 else state != _TIME_ERROR


def check_clock(subject: Subject) -> Iterator[Finding]:
    """An unwatched clock: a failure where the window is narrow, a warning where it is wide."""
    if subject.root == HOST and clock_is_kept() is False:
        yield Finding(
            "clock",
            ok=subject.config.discrepancy >= WIDE_WINDOW,
            detail="the kernel does not know its clock to be right: codes are judged by this clock",
            fix="run an NTP client, such as systemd-timesyncd or chrony",
        )
