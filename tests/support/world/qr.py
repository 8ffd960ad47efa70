"""Reads a QR code off a terminal, as a phone does: draws what the terminal shows, and looks at the picture."""

import re

import zxingcpp
from PIL import Image

_BLOCKS = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}
_ROW = re.compile("[ ▀▄█]{20,}")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PIXELS = 8


def rows_of_code(screen: str) -> list[str]:
    """The lines of the last QR code on the screen, each cut to the code itself; empty if there is none."""
    blocks: list[list[str]] = [[]]
    for line in _ESCAPES.sub("", screen).splitlines():
        # A dark row of modules has light ones at both ends: the quiet zone.
        found = _ROW.search(line.strip())
        if found and "█" in found.group():
            blocks[-1].append(found.group())
        elif blocks[-1]:
            blocks.append([])
    codes = [block for block in blocks if len(block) >= 11]
    return codes[-1] if codes else []


def read_code(screen: str) -> str:
    """The text of the last QR code that the screen shows. An AssertionError, with the screen, if a phone saw none."""
    rows = rows_of_code(screen)
    picture = picture_of(rows)
    # A block is light on a dark terminal. No second try with the colours swapped: not every app makes one.
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    found = zxingcpp.read_barcodes(picture, formats=formats, try_invert=False) if rows else []
    if len(found) != 1:
        raise AssertionError(f"a phone finds {len(found)} QR codes on this screen:\n{screen}")
    return found[0].text


def picture_of(rows: list[str]) -> Image.Image:
    """The rows as a terminal with a dark background draws them."""
    width = max((len(row) for row in rows), default=1)
    small = Image.new("L", (width, max(2 * len(rows), 1)), 0)
    for y, row in enumerate(rows):
        for x, character in enumerate(row):
            for half, light in enumerate(_BLOCKS[character]):
                if light:
                    small.putpixel((x, 2 * y + half), 255)
    return small.resize((small.width * _PIXELS, small.height * _PIXELS), Image.Resampling.NEAREST)
