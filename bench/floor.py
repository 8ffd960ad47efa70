"""The floor: our hook, and a C program in the daemon's place that asks, commits and says yes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import write_stack
from bench.paths import HOOK, PROGRAMS


class Floor:
    """What is left of a login when the daemon does nothing but to make a page durable (`harness/yes.c`).

    No daemon that this hook asks can be faster, whatever it is written in.
    """

    name = "the hook, and a C program that only commits"
    asks = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "floor"
        (self._folder / "run").mkdir(parents=True)
        self._socket = self._folder / "run" / "pam.sock"
        self.confdir = write_stack(self._folder / "pam.d", f"[{HOOK}] socket={self._socket}")
        self._pid = 0

    def refresh(self, users: range) -> None:
        """Nothing: it remembers nobody."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Its program, until the block ends."""
        command = [PROGRAMS / "yes", self._socket, self._folder / "log"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            self._pid = process.pid
            yield
            process.stdin.close()

    def cpu_seconds(self) -> float:
        """That of its program."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
