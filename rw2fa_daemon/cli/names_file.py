"""Names in a file, one a line."""

import sys
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem

STANDARD_INPUT: Final = "-"
COMMENT: Final = "#"
FILE_BYTES_MAX: Final = 32 * 1024 * 1024


def names_in(file: str) -> list[str]:
    """The names in a file; `-` is standard input. What stands behind a # does not count. Raises Problem."""
    try:
        if file == STANDARD_INPUT:
            content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as lines:
                content = lines.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}", "name a file with one user a line") from None
    if len(content) > FILE_BYTES_MAX:
        raise Problem(f"{file} is longer than {FILE_BYTES_MAX} bytes", "name groups instead of users")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Problem(f"{file}, line {line}: is not UTF-8", "save the file as UTF-8") from None
    names = [name for line in text.splitlines() if (name := line.partition(COMMENT)[0].strip())]
    if not names:
        raise Problem(f"{file} names nobody", "write one user or @group a line")
    return names
