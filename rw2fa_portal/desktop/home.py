"""Whether a user's home lets a session start: programs that cannot write there end without a word."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Final

from rw2fa_portal.desktop.ending import Ending

ROOM: Final = 64 * 1024
"""Bytes that must fit: what a session writes at its start is less, and what it writes then is its own affair."""

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def fault_of(home: Path) -> Ending | None:
    """What keeps a session from starting, None if nothing does. It tries: quotas and ACLs are not to be computed."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".rw2fa-", dir=home)
    except OSError as error:
        return Ending.HOME_FULL if error.errno in _FULL else Ending.NO_HOME
    try:
        os.posix_fallocate(descriptor, 0, ROOM)
    except OSError as error:
        return Ending.HOME_FULL if error.errno in _FULL else Ending.NO_HOME
    finally:
        os.close(descriptor)
        Path(name).unlink(missing_ok=True)
    return None
