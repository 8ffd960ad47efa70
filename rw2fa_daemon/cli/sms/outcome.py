"""What Twilio said, as something that an administrator is told."""

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.twilio import TwilioError


def refusal(error: TwilioError, problem: str = "", *, fix: str = "", or_else: str = "") -> Problem:
    """The Problem for an error: the table's sentence, the code, `problem` from the relay.

    `fix` takes the place of what the table says is to be done; `or_else` is another way out.
    """
    what, _, advice = error.administrator.removesuffix(".").partition("; ")
    beside = ", ".join(part for part in (f"error {error.code}" if error.code else "", problem) if part)
    ways = ", ".join(part for part in (fix or advice or "try again later", or_else) if part)
    return Problem(f"{what} ({beside})" if beside else what, ways)
