"""QR codes as text."""

from itertools import zip_longest

QUIET_ZONE = 4
"""Light modules around the code (ISO/IEC 18004)."""

_LIGHT_ON_DARK = "\x1b[38;5;231;48;5;16m"
_RESET = "\x1b[0m"
_BLOCKS = {(1, 1): "█", (1, 0): "▀", (0, 1): "▄", (0, 0): " "}


def qr_text(content: str, *, colour: bool) -> str:
    """A QR code of half blocks, two modules to a character, one line of text per two rows.

    Light modules are drawn. With `colour` each line sets white on black, which scans on dark
    and on light terminals; without it the text suits a dark one, and apps that read inverted
    codes.
    """
    import segno  # noqa: PLC0415  # a login that shows no QR code should not pay for it

    light = [
        [0 if dark else 1 for dark in row]
        for row in segno.make(content, error="l", micro=False).matrix_iter(border=QUIET_ZONE)
    ]
    rows = zip_longest(light[::2], light[1::2], fillvalue=[0] * len(light[0]))
    lines = ("".join(_BLOCKS[pair] for pair in zip(*pair_of_rows, strict=True)) for pair_of_rows in rows)
    if colour:
        lines = (_LIGHT_ON_DARK + line + _RESET for line in lines)
    return "\n".join(lines)
