"""Durations and times as an administrator types them."""

import re
from datetime import datetime
from typing import Final

from rw2fa_daemon.core.problem import Problem

_UNITS: Final = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60, "w": 7 * 24 * 60 * 60}
_DURATION: Final = re.compile(r"(?:[0-9]{1,9}[smhdw])+", re.ASCII)
_PART: Final = re.compile(r"([0-9]+)([smhdw])", re.ASCII)


def duration(text: str) -> int:
    """Seconds in a text like `90s`, `10m`, `1h30m`, `7d`; raises Problem."""
    if not _DURATION.fullmatch(text):
        raise Problem(f"{text!r} is not a duration", "write it like 90s, 10m, 1h30m or 7d")
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def since(text: str, now: float) -> float:
    """UTC seconds of a time: a duration before `now`, or ISO 8601, in this host's time zone unless it names another.

    `2h`, `2h ago`, `2026-01-31`, `2026-01-31 12:00`, `2026-01-31T12:00:00Z`. Raises Problem.
    """
    if _DURATION.fullmatch(spoken := text.removesuffix(" ago")):
        return now - duration(spoken)
    try:
        # A time without a zone is taken in the host's, as journalctl does.
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise Problem(f"{text!r} is not a time", 'write it like 2h, 7d, 2026-01-31 or "2026-01-31 12:00"') from None
