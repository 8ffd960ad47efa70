"""Telephone numbers: one way to write them, and what of them may be shown.

Numbers are kept as E.164 has them: a plus, the calling code, the national number, 15 digits at most.
"""

import re
from typing import Final

from rw2fa_daemon.core.problem import Problem

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"""ITU-T E.164 §6; what is shorter than 7 digits no network reaches from abroad."""
CALLING_CODE_DIGITS_MAX: Final = 3
"""E.164 §6.2.1."""
ENDING: Final = 2
MASK: Final = "…"
TYPED_MAX: Final = 64
"""Characters of a number that is typed: 15 digits with room for whatever stands between them."""

_ONE_DIGIT: Final = frozenset("17")
_SECOND_OF_TWO: Final = {
    "2": "07",
    "3": "0123469",
    "4": "013456789",
    "5": "12345678",
    "6": "0123456",
    "8": "1246",
    "9": "0123458",
}
"""First digit → second digits of the calling codes that have two; all others but two have three (list of E.164 country
codes, annex to ITU Operational Bulletin 1114)."""

_EXAMPLE: Final = "like +33612345678"
_TYPED: Final = re.compile(r"\+?[0-9 ().\-/\u00a0]+", re.ASCII)


def parse_number(text: str) -> str:
    """The number that was typed, with its calling code, as E.164; raises Problem where it cannot get an SMS.

    Spaces, hyphens, dots, slashes and brackets may stand between the digits. A number is checked against the numbering
    plan of its country; those that cost the caller more, or belong to no person, are refused.
    """
    # What the daemon needs of a number it has without these plans, which take 30 ms and megabytes.
    from phonenumbers import (  # noqa: PLC0415
        NumberParseException,
        PhoneNumberFormat,
        PhoneNumberType,
        format_number,
        is_valid_number,
        number_type,
        parse,
    )

    bare = text.strip()
    if len(bare) > TYPED_MAX or _TYPED.fullmatch(bare) is None:
        raise Problem("that is not a phone number", f"write it {_EXAMPLE}")
    if not bare.startswith("+"):
        raise Problem("that number does not say its country", f"begin it with + and the calling code, {_EXAMPLE}")
    try:
        number = parse(bare, None)
    except NumberParseException:
        raise Problem("that is not a phone number of any country", f"write it {_EXAMPLE}") from None
    if not is_valid_number(number):
        raise Problem(
            f"no phone has a number like that in the country with the calling code +{number.country_code}",
            "look for a digit too many, too few or wrong",
        )
    refused = {
        PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
        PhoneNumberType.SHARED_COST: "a shared-cost number",
        PhoneNumberType.TOLL_FREE: "a toll-free number",
        PhoneNumberType.UAN: "a company's access number",
        PhoneNumberType.VOICEMAIL: "a voice mailbox",
    }
    if kind := refused.get(number_type(number)):
        raise Problem(f"that is {kind}, not somebody's phone", "give the number of a mobile phone")
    return format_number(number, PhoneNumberFormat.E164)


def calling_code(number: str) -> str:
    """The calling code of an E.164 number, without the plus: "33" of +33612345678."""
    digits = number.removeprefix("+")
    if digits[:1] in _ONE_DIGIT:
        return digits[:1]
    two = digits[1:2] in _SECOND_OF_TWO.get(digits[:1], "")
    return digits[:2] if two else digits[:CALLING_CODE_DIGITS_MAX]


def ending(number: str) -> str:
    """The last digits of a number, by which users recognise their own."""
    return number[-ENDING:]


def masked(number: str) -> str:
    """A number of which country and ending show: +33…78."""
    return f"+{calling_code(number)}{MASK}{ending(number)}"
