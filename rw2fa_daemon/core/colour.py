"""A site's colour for the portal's pages: what is read on it, and in it, has to be readable (WCAG 2.2, 1.4.3)."""

import re
from dataclasses import dataclass
from typing import Final

CONTRAST_MIN: Final = 4.5
"""Of text, WCAG 2.2, level AA."""

LIGHT: Final = ("#ffffff", "#eef1f6", "#dfe6f5")
"""What links stand on, and the white that buttons have as ink: card, ground and glow of portal.css."""
DARK: Final = ("#1a212e", "#0f141d", "#18233a", "#0c1630")
"""The same where the browser asks for dark pages."""

_WHITE: Final = (255, 255, 255)
_BLACK: Final = (0, 0, 0)
_STEPS: Final = 20
_HEX: Final = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Accent:
    """Colours as CSS writes them: of links and buttons, on light and on dark pages, and under the pointer."""

    light: str
    light_down: str
    dark: str
    dark_down: str


def parse_colour(text: str) -> str:
    """`#rrggbb`, dark enough for light pages; ValueError, with the reason, for anything else."""
    if _HEX.fullmatch(text) is None:
        raise ValueError("is no # with six hexadecimal digits")
    worst = min(contrast(_rgb(text), _rgb(ground)) for ground in LIGHT)
    if worst < CONTRAST_MIN:
        raise ValueError(
            f"has a contrast of {worst:.1f}:1 with the pages, and text that everybody can read has {CONTRAST_MIN}:1: "
            "it has to be darker"
        )
    return text.lower()


def accent(colour: str) -> Accent:
    """All colours that follow from one that `parse_colour` takes; on dark pages it is as light as it has to be."""
    base = _rgb(colour)
    grounds = [_rgb(ground) for ground in DARK]
    dark = next(
        mixed
        for step in range(_STEPS + 1)
        if all(contrast(mixed := _mix(base, _WHITE, step / _STEPS), ground) >= CONTRAST_MIN for ground in grounds)
    )
    return Accent(_css(base), _css(_mix(base, _BLACK, 0.2)), _css(dark), _css(_mix(dark, _WHITE, 0.3)))


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(own + (more - own) * share) for own, more in zip(colour, other, strict=True))
    return red, green, blue


def _rgb(text: str) -> Rgb:
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def _css(colour: Rgb) -> str:
    return f"#{bytes(colour).hex()}"
