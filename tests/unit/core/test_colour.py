"""A site's colour: readable wherever the pages put it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.colour import CONTRAST_MIN, DARK, LIGHT, accent, contrast, parse_colour

Rgb = tuple[int, int, int]


def rgb(text: str) -> Rgb:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#123456", "#123456", 1),
    ],
)
def test_contrast_is_what_wcag_says(one: str, other: str, ratio: float) -> None:
    assert contrast(rgb(one), rgb(other)) == pytest.approx(ratio, abs=0.01)
    assert contrast(rgb(other), rgb(one)) == contrast(rgb(one), rgb(other))


@pytest.mark.parametrize("text", ["#2a52be", "#8A1538", "#000000", "#00695c"])
def test_a_dark_colour_is_taken(text: str) -> None:
    assert parse_colour(text) == text.lower()


@pytest.mark.parametrize("text", ["#ffcc00", "#ffffff", "#6a7a8a"])
def test_a_light_colour_is_refused_with_its_contrast(text: str) -> None:
    with pytest.raises(ValueError, match=r"has a contrast of [1-4]\.\d:1 .*darker"):
        parse_colour(text)


@pytest.mark.parametrize("text", ["red", "#fff", "2a52be", "#2a52bg", "#2a52be;}", "#2a52be\n", "rgb(1,2,3)"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        parse_colour(text)


@given(st.binary(min_size=3, max_size=3))
def test_whatever_is_taken_can_be_read_on_light_and_on_dark_pages(parts: bytes) -> None:
    try:
        colour = parse_colour(f"#{parts.hex()}")
    except ValueError:
        return
    made = accent(colour)
    for text, grounds in ((made.light, LIGHT), (made.light_down, LIGHT), (made.dark, DARK), (made.dark_down, DARK)):
        assert all(contrast(rgb(text), rgb(ground)) >= CONTRAST_MIN for ground in grounds)
