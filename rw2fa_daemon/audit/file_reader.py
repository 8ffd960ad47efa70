"""Reading records from the file that `line_file` writes."""

import json
import math
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from rw2fa_daemon.audit.line_file import FILE_NAME, PREDECESSOR_NAME, TEXT_KEYS
from rw2fa_daemon.audit.lines import lines
from rw2fa_daemon.audit.skipped import Skipped
from rw2fa_daemon.core.audit import Event, Record

_EVENTS = {event.label: event for event in Event}


def records(state: Path, skipped: Skipped) -> Iterator[Record]:
    """Those of the predecessor, then those of the file; none if there is no file."""
    with ExitStack() as stack:
        # Open the newer one first: if it is renamed in between, both are the same file.
        newer = stack.enter_context(file) if (file := _open(state / FILE_NAME)) else None
        older = stack.enter_context(file) if (file := _open(state / PREDECESSOR_NAME)) else None
        if newer and older and os.path.samestat(os.fstat(newer.fileno()), os.fstat(older.fileno())):
            older = None
        for file in (older, newer):
            for line in lines(file, skipped) if file else ():
                record = _parse(line)
                if record is None:
                    skipped.add()
                else:
                    yield record


def _open(path: Path) -> BinaryIO | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def _parse(line: bytes) -> Record | None:
    try:
        fields = json.loads(line)
        at, event = fields["at"], _EVENTS[fields["event"]]
        texts = {key: fields.get(key, "") for key in TEXT_KEYS}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if isinstance(at, bool) or not isinstance(at, int | float) or not math.isfinite(at):
        return None
    if not all(isinstance(text, str) for text in texts.values()):
        return None
    return Record(event, float(at), **texts)
