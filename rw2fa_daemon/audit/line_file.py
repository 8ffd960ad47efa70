"""The file of records for a host without a journal: one JSON object per line, bounded, shared by daemon and command."""

import fcntl
import json
import os
import stat
from contextlib import suppress
from pathlib import Path

from rw2fa_daemon.core.audit import Record

FILE_NAME = "audit.jsonl"
PREDECESSOR_NAME = "audit.jsonl.1"
FILE_BYTES_MAX = 8 << 20
"""At this size the file becomes the predecessor, and replaces the previous one."""
TEXT_CHARACTERS_MAX = 2048
"""A longer text is cut."""
TEXT_KEYS = ("user", "service", "address", "phase", "decision", "rule", "reason")

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def line(record: Record) -> bytes:
    """One JSON object in ASCII with a line break at its end; empty texts are omitted."""
    texts = ((key, getattr(record, key)) for key in TEXT_KEYS)
    fields = {key: text[:TEXT_CHARACTERS_MAX] for key, text in texts if text}
    return json.dumps({"at": record.at, "event": record.event.label, **fields}).encode() + b"\n"


class LineFile:
    """Appends to the file in `state`, which is created when needed: 0600, with the owner of the folder.

    Each line is one write(2) with O_APPEND, so that several processes may write. `append` never raises.
    """

    def __init__(self, state: Path) -> None:
        self._folder = state
        self._path = str(state / FILE_NAME)  # converted once, not for each line
        self._descriptor: int | None = None
        self._torn = False

    def append(self, record: Record) -> bool:
        """Whether the record was written."""
        try:
            return self._append(line(record))
        except OSError:
            self.close()
            return False

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, data: bytes) -> bool:
        descriptor, size = self._current()
        if size + len(data) > FILE_BYTES_MAX:
            self._make_predecessor(descriptor)
            descriptor, _ = self._current()
        if self._torn:  # start a new line, as the previous one was written only in part
            data = b"\n" + data
        written = os.write(descriptor, data)
        self._torn = written != len(data)
        return not self._torn

    def _current(self) -> tuple[int, int]:
        """A descriptor of the file that has the name now, and its size: another process may have renamed the old
        one.
        """
        if self._descriptor is not None:
            status = os.fstat(self._descriptor)
            if status.st_nlink and self._has_the_name(status):
                return self._descriptor, status.st_size
            self.close()
        self._descriptor = self._open()
        return self._descriptor, os.fstat(self._descriptor).st_size

    def _has_the_name(self, status: os.stat_result) -> bool:
        try:
            named = os.lstat(self._path)
        except FileNotFoundError:
            return False
        return named.st_ino == status.st_ino and named.st_dev == status.st_dev

    def _open(self) -> int:
        try:
            descriptor = os.open(self._path, _APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            descriptor = os.open(self._path, _APPEND)
        else:
            if os.geteuid() == 0:
                folder = self._folder.stat()
                os.fchown(descriptor, folder.st_uid, folder.st_gid)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(f"{self._path} is not a regular file")
        return descriptor

    def _make_predecessor(self, descriptor: int) -> None:
        """Under a lock, lest two processes do it one after the other and lose the real predecessor."""
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._has_the_name(os.fstat(descriptor)):
                (self._folder / FILE_NAME).rename(self._folder / PREDECESSOR_NAME)
            self.close()  # and with it the lock
