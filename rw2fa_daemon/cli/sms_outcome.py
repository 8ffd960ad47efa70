"""What Twilio said, as something that an administrator is told."""

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.twilio import TextError


def refusal(error: TextError, problem: str = "", *, or_else: str = "") -> Problem:
    """The Problem for an error: the table's sentence, the code, `problem` from the relay, `or_else` as a way out."""
    what, _, fix = error.administrator.removesuffix(".").partition("; ")
    beside = ", ".join(part for part in (f"error {error.code}" if error.code else "", problem) if part)
    ways = ", ".join(part for part in (fix or "try again later", or_else) if part)
    return Problem(f"{what} ({beside})" if beside else what, ways)
