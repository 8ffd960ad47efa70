"""Lines of an untrusted stream."""

from collections.abc import Iterator
from typing import IO

from rw2fa_daemon.audit.skipped import Skipped

LINE_BYTES_MAX = 1 << 17
"""More than any entry of ours, including escapes; a longer line is skipped."""


def lines(stream: IO[bytes], skipped: Skipped) -> Iterator[bytes]:
    """Each line that is neither too long nor empty, without its end. An unfinished last one is still being written."""
    while line := stream.readline(LINE_BYTES_MAX):
        if line.endswith(b"\n"):
            if line != b"\n":
                yield line[:-1]
            continue
        skipped.add()
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE_BYTES_MAX)
