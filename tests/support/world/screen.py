"""What a terminal shows, as a picture, and a strict reader of QR codes that looks at it.

zbar wants dark modules on a light ground, as the standard has them: an inverted code is no code to it.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Final

import pyte
from PIL import Image, ImageDraw, ImageFont
from pyzbar import pyzbar

CELL_WIDTH, CELL_HEIGHT = 8, 16
_FONT: Final = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
_FONT_PIXELS: Final = 13
_BLOCKS: Final = {"▀": (0, CELL_HEIGHT // 2), "▄": (CELL_HEIGHT // 2, CELL_HEIGHT), "█": (0, CELL_HEIGHT)}
_DISTANCES: Final = (4, 8)
"""How many pixels of the screen become one of the camera: seen from afar, letters are grey areas."""
_ENLARGED: Final = 4


class Background(Enum):
    """Of the terminal, where a program sets no colour of its own; its letters are of the other one."""

    DARK = (0x00, 0xFF)
    LIGHT = (0xFF, 0x00)


def visible(printed: str, *, rows: int = 24, columns: int = 80) -> pyte.Screen:
    """The screen of a terminal of that size, once it was sent all that was printed."""
    screen = pyte.Screen(columns, rows)
    pyte.Stream(screen).feed(printed.replace("\r\n", "\n").replace("\n", "\r\n"))
    return screen


def photographs(screen: pyte.Screen, background: Background) -> Iterator[Image.Image]:
    """The screen as a camera sees it, from several distances."""
    picture = _drawn(screen, background)
    for distance in _DISTANCES:
        seen = picture.resize((picture.width // distance, picture.height // distance), Image.Resampling.BOX)
        yield seen.resize((seen.width * _ENLARGED, seen.height * _ENLARGED), Image.Resampling.BICUBIC)


def strictly_read(screen: pyte.Screen, background: Background) -> str | None:
    """The text of the lowest QR code that a strict reader finds on the screen; None if it finds none."""
    for photograph in photographs(screen, background):
        found = pyzbar.decode(photograph, symbols=[pyzbar.ZBarSymbol.QRCODE])
        if found:
            return str(max(found, key=lambda code: code.rect.top).data.decode())
    return None


def _drawn(screen: pyte.Screen, background: Background) -> Image.Image:
    """Cells half as wide as high; blocks fill theirs, letters are a real font's."""
    ground, letters = background.value
    picture = Image.new("L", (CELL_WIDTH * screen.columns, CELL_HEIGHT * screen.lines), ground)
    canvas, font = ImageDraw.Draw(picture), ImageFont.truetype(_FONT, _FONT_PIXELS)
    for y in range(screen.lines):
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            left, top = x * CELL_WIDTH, y * CELL_HEIGHT
            back, ink = _shade(cell.bg, ground), _shade(cell.fg, letters)
            if cell.reverse:
                back, ink = ink, back
            canvas.rectangle((left, top, left + CELL_WIDTH - 1, top + CELL_HEIGHT - 1), fill=back)
            if cell.data in _BLOCKS:
                start, end = _BLOCKS[cell.data]
                canvas.rectangle((left, top + start, left + CELL_WIDTH - 1, top + end - 1), fill=ink)
            elif cell.data.strip():
                canvas.text((left, top), cell.data, font=font, fill=ink)
    return picture


def _shade(colour: str, usual: int) -> int:
    """A colour of pyte's: a name for none of its own, else six hexadecimal digits, here greys."""
    return usual if colour == "default" else int(colour[:2], 16)
