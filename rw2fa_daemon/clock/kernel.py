"""The kernel's view of its clock (adjtimex(2))."""

import ctypes
from typing import Final

from rw2fa_daemon.core.clock import Kernel

_TIME_ERROR: Final = 5
"""TIME_ERROR: the clock is not synchronised, or was last synchronised so long ago that its error may exceed 16 s."""
_MICROSECONDS: Final = 1_000_000
_REST_BYTES: Final = 512
"""More than the rest of the structure takes."""


class _Timex(ctypes.Structure):
    """The beginning of struct timex; with modes 0 the call only reads, which needs no privilege."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * _REST_BYTES),
    )


def ask_kernel() -> Kernel:
    """Whether the clock is synchronised and to within what; unknown if the call is forbidden or does not exist."""
    timex = _Timex()
    try:
        state = int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)))
    except AttributeError:
        return Kernel()
    if state < 0:
        return Kernel()
    return Kernel(state != _TIME_ERROR, timex.maxerror / _MICROSECONDS)
