"""Reads a QR code off what a program printed, as a phone does that looks at a dark terminal with room for all of it."""

import re
from typing import Final

from tests.support.world.screen import Background, strictly_read, visible

ROWS, COLUMNS = 60, 132
_DRAWN: Final = re.compile("[█▀▄]{7}|(?:##){7}")
"""One edge of a finder pattern, in block characters or in plain letters."""


def shows_code(printed: str) -> bool:
    """Whether there is anything like a QR code."""
    return _DRAWN.search(printed) is not None


def read_code(printed: str) -> str:
    """The text of the last QR code that was printed. An AssertionError, with all of it, if a phone sees none."""
    found = strictly_read(visible(printed, rows=ROWS, columns=COLUMNS), Background.DARK)
    if found is None:
        raise AssertionError(f"a phone finds no QR code on this screen:\n{printed}")
    return found
