"""What an SMS says, and how many segments it takes: each of them is paid for."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CODE_MARK: Final = "%CODE%"
ISSUER_MARK: Final = "%ISSUER%"

_MARKS: Final = re.compile(f"{CODE_MARK}|{ISSUER_MARK}")

_GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 7-bit default alphabet (3GPP TS 23.038 §6.2.1): one septet each."""
_GSM_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Its extension table (§6.2.1.1): an escape and a character, two septets that no segment break may part."""


class Encoding(StrEnum):
    """How the network carries a text."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text takes: `characters` counts septets or UTF-16 units, of which the network counts and charges."""

    encoding: Encoding
    characters: int
    count: int


ALONE: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
"""Characters of a text of one segment."""
_EACH: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}
"""In a text of several segments each gives 6 octets to the header that joins them (3GPP TS 23.040 §9.2.3.24.1)."""


def fill(template: str, code: str, issuer: str) -> str:
    """The text of a message: the marks of `template` replaced, each once, so that no issuer can hold a mark."""
    values = {CODE_MARK: code, ISSUER_MARK: issuer}
    return _MARKS.sub(lambda found: values[found.group()], template)


def segments(text: str) -> Segments:
    """How a text is carried: GSM-7 if that has all its characters, else UCS-2."""
    encoding = Encoding.GSM7 if _GSM_BASIC.union(_GSM_EXTENDED).issuperset(text) else Encoding.UCS2
    widths = [_width(character, encoding) for character in text]
    total = sum(widths)
    if total <= ALONE[encoding]:
        return Segments(encoding, total, 1)
    return Segments(encoding, total, _count(widths, _EACH[encoding]))


def costly(text: str) -> str:
    """The characters, each once and in order, that keep a text from being carried as GSM-7."""
    return "".join(dict.fromkeys(character for character in text if character not in _GSM_BASIC | _GSM_EXTENDED))


def _width(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in _GSM_EXTENDED else 1
    return len(character.encode("utf-16-be")) // 2


def _count(widths: list[int], room: int) -> int:
    count, left = 1, room
    for width in widths:
        if width > left:
            count, left = count + 1, room
        left -= width
    return count
