"""Lines of a stream that may hold anything."""

from collections.abc import Iterator
from typing import IO

from rw2fa_daemon.audit.skipped import Skipped

LINE_BYTES_MAX = 1 << 17
"""More than an entry of ours can take, all escapes counted; a longer line is skipped."""


def lines(stream: IO[bytes], skipped: Skipped) -> Iterator[bytes]:
    """Each line that is not too long and not empty, without its end. A last one without an end is being written."""
    while line := stream.readline(LINE_BYTES_MAX):
        if line.endswith(b"\n"):
            if line != b"\n":
                yield line[:-1]
            continue
        skipped.add()
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE_BYTES_MAX)
