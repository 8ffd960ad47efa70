"""How a site wants its portal to look: a colour, a logo, pictures of the applications. Root reads the files."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.application import Application
from rw2fa_daemon.core.colour import accent
from rw2fa_daemon.core.problem import Problem

LOGO_BYTES_MAX: Final = 262_144
ICON_BYTES_MAX: Final = 65_536

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SVG_WITHIN: Final = 1_024
"""Bytes in which an SVG picture says what it is: a declaration or a comment may come first."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture; `kind` is the ending of its name."""

    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Looks:
    """What differs from the pages as they are shipped; `icons` are by the name of the application."""

    colour: str = ""
    logo: Picture | None = None
    icons: Mapping[str, Picture] = field(default_factory=dict)

    @property
    def stylesheet(self) -> str:
        """The colour as a style sheet, which follows the one of the pages; empty where there is none."""
        if not self.colour:
            return ""
        one = accent(self.colour)
        light = f":root {{ --accent: {one.light}; --accent-down: {one.light_down}; }}"
        dark = f":root {{ --accent: {one.dark}; --accent-down: {one.dark_down}; }}"
        return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n"


SHIPPED: Final = Looks()


def read_looks(colour: str, logo: Path | None, applications: Sequence[Application]) -> Looks:
    """What the settings say, with the content of the files that they name. Raises Problem."""
    icons = {
        one.name: read_picture(Path(one.icon), f"portal.applications: the icon of {one.name}", ICON_BYTES_MAX)
        for one in applications
        if one.icon
    }
    return Looks(colour, None if logo is None else read_picture(logo, "portal.logo", LOGO_BYTES_MAX), icons)


def read_picture(path: Path, what: str, longest: int) -> Picture:
    """A picture in one of the forms that all browsers show sharply. Raises Problem."""
    try:
        with path.open("rb") as file:
            content = file.read(longest + 1)
    except OSError as error:
        raise Problem(f"{what}: {path} cannot be read ({error.strerror})", "name a PNG or SVG file") from None
    if len(content) > longest:
        raise Problem(f"{what}: {path} has more than {longest} bytes", "make the picture smaller")
    if content.startswith(_PNG):
        return Picture("png", content)
    if b"<svg" in content[:_SVG_WITHIN]:
        return Picture("svg", content)
    raise Problem(f"{what}: {path} is neither PNG nor SVG", "convert the picture to one of them")


def write_looks(looks: Looks) -> bytes:
    """As `parse_looks` reads it."""
    logo = None if looks.logo is None else _encoded(looks.logo)
    icons = {name: _encoded(icon) for name, icon in looks.icons.items()}
    return json.dumps({"colour": looks.colour, "logo": logo, "icons": icons}).encode()


def parse_looks(content: bytes) -> Looks:
    """What `write_looks` wrote; ValueError, TypeError or KeyError for anything else."""
    values = json.loads(content)
    icons = {name: _decoded(icon) for name, icon in values["icons"].items()}
    return Looks(values["colour"], None if values["logo"] is None else _decoded(values["logo"]), icons)


def _encoded(picture: Picture) -> list[str]:
    return [picture.kind, base64.b64encode(picture.content).decode()]


def _decoded(pair: Sequence[str]) -> Picture:
    kind, content = pair
    return Picture(kind, base64.b64decode(content))
