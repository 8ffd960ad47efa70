"""Questions for a client that makes a page of each: a line that names what is asked, then what the page needs.

PAM hands over one text, so that this is what both ends agree on: `page_text` makes it, `read_page_text` takes it apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

HEAD: Final = "rw2fa:"
"""Begins the first line, which the name of a stage ends (core.transitions.Stage)."""


@dataclass(frozen=True, slots=True)
class PageText:
    """What is asked, and the lines for it; `asked` is empty for the prompt of another PAM module."""

    asked: str
    lines: tuple[str, ...]


def page_text(asked: str, text: str) -> str:
    """The text of a question about `asked`."""
    return f"{HEAD}{asked}\n{text}"


def read_page_text(text: str) -> PageText:
    """The parts of what PAM handed over."""
    first, *lines = text.split("\n")
    if first.startswith(HEAD):
        return PageText(first.removeprefix(HEAD), tuple(lines))
    return PageText("", (first, *lines))


def enrolment_text(uri: str, key: str) -> str:
    """What a page for a first code needs: the otpauth URI for the picture, the key to type."""
    return f"{uri}\n{key}"


def recovery_text(codes: Sequence[str]) -> str:
    """What a page with recovery codes needs: one a line."""
    return "\n".join(codes)
