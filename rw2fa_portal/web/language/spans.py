"""Lengths of time in words."""

from rw2fa_portal.web.language.current import ngettext


def minutes(seconds: float) -> str:
    """In whole minutes, at least one."""
    count = max(1, round(abs(seconds) / 60))
    return ngettext("{count} minute", "{count} minutes", count).format(count=count)


def hours(count: int) -> str:
    """In hours."""
    return ngettext("{count} hour", "{count} hours", count).format(count=count)
