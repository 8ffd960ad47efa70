"""Why an administrator does something, for the audit."""

from typing import Final

from rw2fa_daemon.cli.printing import shown
from rw2fa_daemon.core.problem import Problem

REASON_CHARACTERS_MAX: Final = 200


def reason_given(text: str) -> str:
    """The reason as it goes into the audit; raises Problem."""
    reason = " ".join(text.split())
    if not reason:
        raise Problem("no reason was given", "give one with --reason, for the audit")
    if len(reason) > REASON_CHARACTERS_MAX:
        raise Problem("the reason is too long", f"shorten it to {REASON_CHARACTERS_MAX} characters")
    return shown(reason)
