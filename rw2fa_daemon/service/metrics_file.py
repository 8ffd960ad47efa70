"""The file that node_exporter's textfile collector reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from rw2fa_daemon.files.replace import replace
from rw2fa_daemon.service.loop import Loop, Timer

INTERVAL_SECONDS: Final = 15.0
"""Prometheus asks node_exporter about as often."""
FILE_MODE: Final = 0o644
"""Another user's program reads it; it names no users."""

Text = Callable[[bool], str]
"""What to write, while the daemon runs or (False) after it."""


class MetricsFile:
    """Writes the file at intervals. A file that cannot be written is a `problem`, and no reason to stop."""

    def __init__(self, loop: Loop, text: Text) -> None:
        self._loop = loop
        self._text = text
        self._path: Path | None = None
        self._timer: Timer | None = None
        self.problem = ""

    def use(self, path: Path | None) -> None:
        """From now on, write there; None: nowhere."""
        self._cancel()
        self._path, self.problem = path, ""
        if path is not None:
            self._write_and_go_on()

    def close(self) -> None:
        """Say in the file that the daemon is gone."""
        self._cancel()
        self._write(running=False)

    def _write_and_go_on(self) -> None:
        self._write(running=True)
        self._timer = self._loop.call_later(INTERVAL_SECONDS, self._write_and_go_on)

    def _write(self, *, running: bool) -> None:
        if self._path is None:
            return
        try:
            replace(self._path, self._text(running).encode(), FILE_MODE)
        except OSError as error:
            self.problem = f"{self._path} cannot be written ({error.strerror})"
        else:
            self.problem = ""

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
