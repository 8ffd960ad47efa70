"""Which of our languages a browser asks for."""

import re
from collections.abc import Sequence
from typing import Final

SOURCE: Final = "en"
"""What the sentences in the sources are written in."""
LANGUAGES: Final[Sequence[str]] = (SOURCE, "de", "es", "fr")
"""All that there are, by their tags (BCP 47)."""
HEADER_MAX: Final = 512
"""Characters of Accept-Language that are looked at; browsers send less than a hundred."""

_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


def accepted(header: str) -> str:
    """The language of ours that suits Accept-Language best (RFC 9110 §12.5.4); the source's where none does."""
    ranges: list[tuple[float, str]] = []
    for part in header[:HEADER_MAX].split(","):
        match = _RANGE.fullmatch(part)
        if match is not None:
            ranges.append((float(match[2] or 1), match[1]))
    # A region is never ours: "de-AT" is German, before whatever comes after it.
    wanted = [tag.partition("-")[0].lower() for weight, tag in sorted(ranges, key=lambda pair: -pair[0]) if weight > 0]
    return next((tag for tag in wanted if tag in LANGUAGES), SOURCE)
