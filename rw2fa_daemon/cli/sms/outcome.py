"""Twilio's errors as Problems for the administrator."""

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.twilio import TwilioError


def refusal(error: TwilioError, problem: str = "", *, fix: str = "", or_else: str = "") -> Problem:
    """The Problem for an error: the table's sentence, the code, `problem` from the relay.

    `fix` replaces the table's advice; `or_else` is an alternative to it.
    """
    what, _, advice = error.administrator.removesuffix(".").partition("; ")
    beside = ", ".join(part for part in (f"error {error.code}" if error.code else "", problem) if part)
    ways = ", ".join(part for part in (fix or advice or "try again later", or_else) if part)
    return Problem(f"{what} ({beside})" if beside else what, ways)
