"""The settings that a login is judged by, as one value."""

from dataclasses import dataclass

from rw2fa_daemon.core.budget import Guessing
from rw2fa_daemon.core.sms import SmsRules


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """Made once from each configuration, and not changed while that is in force."""

    guessing: Guessing
    digits: int
    """Of codes by SMS, and of whatever is enrolled from now on."""
    issuer: str
    """What authenticator apps show."""
    window_days: int
    """Days after an add or a reset in which a user may enrol."""
    session_seconds: int
    """How long a code counts again in the same audit session, for clients that remember it."""
    token_needed: bool = False
    """Whether nobody enrols without a token from an administrator."""
    sms: SmsRules | None = None
    """What holds for SMS; None while they are switched off, and codes come from apps only."""
