"""How an account at Twilio, its token and a sender are written, and what may be shown of them."""

import re
from collections.abc import Sequence
from typing import Final

from rw2fa_daemon.core.phone import E164, MASK, calling_code

ACCOUNT_SID: Final = re.compile(r"AC[0-9a-fA-F]{32}", re.ASCII)
TOKEN: Final = re.compile(rb"[0-9a-fA-F]{32}")
SERVICE_SID: Final = re.compile(r"MG[0-9a-fA-F]{32}", re.ASCII)
"""A messaging service, which picks a sender of its pool."""
NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}", re.ASCII)
"""An alphanumeric sender: Twilio takes 11 of these characters, one of them a letter."""
PREFIX: Final = re.compile(r"\+?([1-9][0-9]{0,6})", re.ASCII)
"""A calling code, or a calling code and the area behind it."""


def check_account_sid(text: str) -> None:
    """Raise ValueError, with the reason, unless this can be the SID of an account."""
    if ACCOUNT_SID.fullmatch(text) is None:
        raise ValueError("is not AC and 32 hexadecimal digits")


def check_sender(text: str) -> None:
    """Raise ValueError, with the reason, unless SMS can come from this: a number, a name or a messaging service."""
    if not any(form.fullmatch(text) for form in (E164, SERVICE_SID, NAME)) or text != text.strip():
        raise ValueError("is neither a number with + and calling code, nor a name, nor the SID of a messaging service")


def allowed_prefixes(countries: Sequence[str], sender: str) -> tuple[str, ...]:
    """How numbers that SMS may go to begin, each with its plus: as `countries` says, or as the sender's own does."""
    if countries:
        return tuple(f"+{code}" for code in countries)
    return (f"+{calling_code(sender)}",) if E164.fullmatch(sender) else ()


def prefix_of(text: str) -> str:
    """The beginning of numbers that an entry like "33" or "+33" stands for, without the plus; ValueError if none."""
    found = PREFIX.fullmatch(text)
    if found is None:
        raise ValueError("not a calling code")
    return found.group(1)


def masked_sid(sid: str) -> str:
    """A SID of which the kind and the last four digits show."""
    return f"{sid[:2]}{MASK}{sid[-4:]}" if sid else ""
