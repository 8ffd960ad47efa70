"""Names in a file, one per line, some followed by a colon and a phone number."""

import sys
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.phone import parse_number
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import GROUP_MARK

STANDARD_INPUT: Final = "-"
COMMENT: Final = "#"
BEFORE_NUMBER: Final = ":"
"""No name can contain it (passwd(5))."""
FILE_BYTES_MAX: Final = 32 * 1024 * 1024


def names_in(file: str) -> dict[str, str | None]:
    """The names in a file, each with its number (E.164) or None; `-` is standard input. Raises Problem.

    Text after a # is a comment.
    """
    names: dict[str, str | None] = {}
    for count, line in enumerate(_text(file).splitlines(), start=1):
        name, mark, number = (part.strip() for part in line.partition(COMMENT)[0].partition(BEFORE_NUMBER))
        if mark:
            names[name] = _number(f"{file}, line {count}", name, number)
        elif name:
            names.setdefault(name, None)
    if not names:
        raise Problem(f"{file} names nobody", "write one user or @group per line")
    return names


def _number(place: str, name: str, number: str) -> str:
    if not name or name.startswith(GROUP_MARK):
        raise Problem(f"{place}: a number must belong to a single user", "write it like alice: +33612345678")
    try:
        return parse_number(number)
    except Problem as problem:
        raise Problem(f"{place}: {problem.what}", problem.fix) from None


def _text(file: str) -> str:
    try:
        if file == STANDARD_INPUT:
            content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as lines:
                content = lines.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}", "name a file with one user per line") from None
    if len(content) > FILE_BYTES_MAX:
        raise Problem(f"{file} is longer than {FILE_BYTES_MAX} bytes", "name groups instead of users")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Problem(f"{file}, line {line}: is not UTF-8", "save the file as UTF-8") from None
