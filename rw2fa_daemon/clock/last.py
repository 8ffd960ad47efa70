"""The last comparison, as a file in the state folder: written by the process that compared, read to show the clock."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rw2fa_daemon.clock.instant import now
from rw2fa_daemon.core.clock import Answer, ClockStatus, Instant, Kernel, Measurement, assess
from rw2fa_daemon.files.replace import replace

FILE_NAME: Final = "clock.json"
FILE_MODE: Final = 0o600
FILE_BYTES_MAX: Final = 1 << 16


def keep(state: Path, measurement: Measurement) -> None:
    """Store it in place of the previous one; raises OSError, for example if there is no state yet."""
    replace(state / FILE_NAME, json.dumps(asdict(measurement)).encode() + b"\n", FILE_MODE)


def last(state: Path) -> Measurement | None:
    """The last one; None if there is none that can be read."""
    try:
        with (state / FILE_NAME).open("rb") as file:
            return _measurement(json.loads(file.read(FILE_BYTES_MAX)))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        # A file that is damaged or of another version counts as none: the next comparison replaces it.
        return None


def clock_status(state: Path) -> ClockStatus:
    """What the last one says about the present."""
    return assess(last(state), now())


def _measurement(raw: dict[str, Any]) -> Measurement:
    return Measurement(
        Instant(**raw["at"]),
        Kernel(**raw["kernel"]),
        tuple(Answer(**answer) for answer in raw["answers"]),
        str(raw["problem"]),
    )
