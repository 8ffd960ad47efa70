"""Marking sentences that are kept where no language is known yet."""


def N_(text: str) -> str:  # noqa: N802  # the name that gettext's tools know
    """The text itself. Whoever shows it translates it then (web.language); the extraction finds it by this call."""
    return text
