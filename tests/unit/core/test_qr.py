"""The QR code in a terminal: every module of it, framed by light, in the lines that there are."""

import pytest

from rw2fa_daemon.core.qr import (
    HALF_LINES,
    QUIET_ZONE,
    Ground,
    Rendering,
    Shape,
    picture_of,
    smallest_code,
)

SHORT = "otpauth://totp/a:b?secret=AAAAAAAAAAAAAAAA"
LONG = "otpauth://totp/host%20-%20remote-work:alice?secret=" + "A" * 32 + "&issuer=host%20-%20remote-work"
LONGEST = LONG + "x" * 250
HALVES = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}


def _modules(lines: tuple[str, ...], shape: Shape) -> list[list[int]]:
    """What a reader sees on a light background: 1 where there is ink."""
    if shape is Shape.FULL:
        return [[1 if line[at] == "#" else 0 for at in range(0, len(line), 2)] for line in lines]
    return [[HALVES[letter][half] for letter in line] for line in lines for half in (0, 1)]


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("content", [SHORT, LONG, LONGEST])
def test_every_module_is_drawn_within_a_frame_of_light(content: str, shape: Shape) -> None:
    code = [list(map(int, row)) for row in smallest_code(content).matrix_iter(border=0)]
    picture = picture_of(content, Rendering(shape, Ground.LIGHT))
    seen = _modules(picture.lines, shape)
    size = len(code)
    beside = (len(seen[0]) - size) // 2
    above = next(at for at, row in enumerate(seen) if any(row))
    assert [row[beside : beside + size] for row in seen[above : above + size]] == code
    below = seen[above + size :]
    assert not any(any(row) for row in below)
    assert above >= 1
    assert len(below) >= above, "light below as well"
    assert beside == (QUIET_ZONE if shape is Shape.HALF else QUIET_ZONE // 2)
    assert len(seen[0]) == size + 2 * beside
    assert picture.columns == max(len(line) for line in picture.lines)
    if shape is Shape.FULL:
        assert above == len(below) == beside


def test_half_blocks_use_every_line_of_a_small_terminal_for_light_before_they_take_more() -> None:
    for content in (SHORT, LONG, LONGEST):
        size = len(list(smallest_code(content).matrix_iter(border=0)))
        lines = len(picture_of(content, Rendering(Shape.HALF, Ground.LIGHT)).lines)
        if size + 2 <= 2 * HALF_LINES:
            assert lines <= HALF_LINES
        else:
            assert lines == -(-(size + 2) // 2), "one module above and below"
