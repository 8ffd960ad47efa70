"""QR codes (ISO/IEC 18004) as modules, and as text for terminals."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Final

from rw2fa_daemon.core.clients import Qr

if TYPE_CHECKING:
    from segno import QRCode

QUIET_ZONE: Final = 4
"""Light modules around the code, as the standard wants them."""

HALF_LINES: Final = 22
"""Of block characters: with a line for the key and one for the prompt they fill a terminal of 24."""

_ALPHANUMERIC_RUN: Final = re.compile("([0-9A-Z]{16,})")
"""What is worth a segment of 5.5 bits a character, since each change of mode costs 12 bits or more."""

_BLOCKS: Final = {(1, 1): "█", (1, 0): "▀", (0, 1): "▄", (0, 0): " "}
_ASCII: Final = {1: "##", 0: "  "}
_WHITE_ON_BLACK: Final = "\x1b[38;5;231;48;5;16m"
_SWAPPED: Final = {1: "\x1b[7m", 0: "\x1b[27m"}
_RESET: Final = "\x1b[0m"


class Shape(Enum):
    """What a module is drawn as; both are about square, a character being half as wide as it is high."""

    HALF = "half a character"
    FULL = "two characters, in ASCII"


class Ground(Enum):
    """What a terminal has to be like."""

    ANY = "any: the picture sets its own colours"
    DARK = "light letters on a dark background"
    LIGHT = "dark letters on a light background"


@dataclass(frozen=True, slots=True)
class Rendering:
    """One way to draw a QR code in text."""

    shape: Shape
    ground: Ground


RENDERINGS: Final = {
    (Qr.BLOCKS, True): (Rendering(Shape.HALF, Ground.ANY), Rendering(Shape.FULL, Ground.ANY)),
    (Qr.BLOCKS, False): (
        Rendering(Shape.HALF, Ground.DARK),
        Rendering(Shape.HALF, Ground.LIGHT),
        Rendering(Shape.FULL, Ground.DARK),
        Rendering(Shape.FULL, Ground.LIGHT),
    ),
    (Qr.ASCII, True): (Rendering(Shape.FULL, Ground.ANY), Rendering(Shape.HALF, Ground.ANY)),
    (Qr.ASCII, False): (
        Rendering(Shape.FULL, Ground.DARK),
        Rendering(Shape.HALF, Ground.DARK),
        Rendering(Shape.HALF, Ground.LIGHT),
        Rendering(Shape.FULL, Ground.LIGHT),
    ),
}
"""By what surely arrives, and whether colours do: the first is shown, and the next ones for the asking."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Lines of text that show a QR code, and how many columns of a terminal they take."""

    lines: tuple[str, ...]
    columns: int


def smallest_code(content: str) -> "QRCode":
    """The smallest QR code for ASCII text at error correction L, or a higher level where that costs no module."""
    import segno  # noqa: PLC0415  # a login that shows no QR code should not pay for it

    segments = [segment for segment in _ALPHANUMERIC_RUN.split(content) if segment]
    # Segments, each in the smallest mode that it can be in: segno takes them, and its types have one text only.
    return segno.make(segments, error="l", micro=False)  # type: ignore[arg-type]


def picture_of(content: str, rendering: Rendering) -> Picture:
    """The QR code of ASCII text as a terminal is to show it.

    Where the quiet zone would take more than `HALF_LINES`, half blocks get by with less of it above and below.
    """
    code = [[1 if dark else 0 for dark in row] for row in smallest_code(content).matrix_iter(border=0)]
    size = len(code)
    half = rendering.shape is Shape.HALF
    spare = 2 * HALF_LINES - size if half else QUIET_ZONE
    above = max(1, min(QUIET_ZONE, spare // 2))
    below = max(1, min(QUIET_ZONE, spare - above))
    beside = QUIET_ZONE if half else QUIET_ZONE // 2
    framed = [[0] * (size + 2 * beside)] * above
    framed += [[0] * beside + row + [0] * beside for row in code]
    framed += [[0] * (size + 2 * beside)] * below
    # Ink is what the terminal's letters are made of. With colours of its own, and on a dark terminal, that is light.
    ink = [[dark if rendering.ground is Ground.LIGHT else 1 - dark for dark in row] for row in framed]
    lines = tuple(_halves(ink, rendering.ground) if half else _wholes(ink, rendering.ground))
    return Picture(lines, len(framed[0]) * (1 if half else 2))


def _halves(ink: Sequence[Sequence[int]], ground: Ground) -> Iterator[str]:
    for pair in zip_longest(ink[::2], ink[1::2], fillvalue=[0 if ground is Ground.LIGHT else 1] * len(ink[0])):
        line = "".join(_BLOCKS[halves] for halves in zip(*pair, strict=True))
        yield f"{_WHITE_ON_BLACK}{line}{_RESET}" if ground is Ground.ANY else line


def _wholes(ink: Sequence[Sequence[int]], ground: Ground) -> Iterator[str]:
    for row in ink:
        if ground is Ground.ANY:
            # Blanks, with the colours swapped where it is light: no letter that a terminal could fail to draw.
            runs = ((light, len(list(run))) for light, run in groupby(row))
            yield _WHITE_ON_BLACK + "".join(_SWAPPED[light] + "  " * length for light, length in runs) + _RESET
        else:
            yield "".join(_ASCII[module] for module in row)
