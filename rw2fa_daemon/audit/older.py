"""The record that the state may have lost commits, for the process that detects it."""

import time
from contextlib import closing
from pathlib import Path

from rw2fa_daemon.audit.sink import open_sink
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.rule import Rule


def failed_over(happened: str) -> Record:
    """That record, with the present time."""
    return Record(Event.STATE_OLDER, time.time(), decision="done", rule=Rule.FAILOVER, reason=happened)


def write_failed_over(state: Path, happened: str) -> None:
    """Write that record, for a process that writes few records."""
    with closing(open_sink(state)) as sink:
        sink.write(failed_over(happened))
