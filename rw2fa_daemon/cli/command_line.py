"""Hiding secrets in this process's command line, which everybody on the host can read."""

from contextlib import suppress
from pathlib import Path
from typing import Final

_SELF: Final = Path("/proc/self")
_ARGUMENTS_START: Final = 48
_ARGUMENTS_END: Final = 49
"""Fields of /proc/self/stat, counted from 1 (proc(5))."""
_BEFORE_STATE: Final = 2
"""Fields up to the name's closing bracket; the name itself may hold spaces."""
_COVER: Final = b"x"


def hide(argument: str) -> None:
    """Overwrite an argument in this process's command line, which the process list and journald read.

    Has no effect where the kernel does not permit it.
    """
    hidden = argument.encode("utf-8", "surrogateescape")
    if not hidden:
        return
    with suppress(OSError):
        fields = (_SELF / "stat").read_text().rpartition(")")[2].split()
        start, end = (int(fields[field - _BEFORE_STATE - 1]) for field in (_ARGUMENTS_START, _ARGUMENTS_END))
        with (_SELF / "mem").open("r+b", buffering=0) as memory:
            memory.seek(start)
            shown = memory.read(end - start)
            memory.seek(start)
            memory.write(shown.replace(hidden, _COVER * len(hidden)))
