"""Points in time in words, in the time zone of this host; all are UTC seconds."""

import time
from datetime import UTC, datetime

from babel.dates import format_date, format_datetime, format_time

from rw2fa_portal.web.language.current import language


def moment(at: float) -> str:
    """Day and minute, with the zone."""
    here = datetime.fromtimestamp(at, UTC).astimezone()
    day, hour = format_date(here, "medium", language()), format_time(here, "short", locale=language())
    return f"{day}, {hour} {here:%Z}"


def clock_time(at: float) -> str:
    """The minute of a day, with the zone."""
    here = datetime.fromtimestamp(at, UTC).astimezone()
    return f"{format_datetime(here, 'HH:mm', locale=language())} {here:%Z}"


def day(at: float) -> str:
    """The day."""
    return format_date(datetime.fromtimestamp(at, UTC).astimezone(), "long", language())


def machine_time(at: float) -> str:
    """As the attribute `datetime` of HTML has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
