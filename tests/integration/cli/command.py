"""The real command, on a folder of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from rw2fa_daemon.cli.main import run as command_line
from tests.support.daemon import Site

PROGRAM = Path(sys.executable).with_name("rw2fa")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


def run(argv: Sequence[str], stdin: str = "") -> Done:
    """Run a command to its end; here, so that a test can have it run where another directory answers."""
    done = subprocess.run(argv, input=stdin, capture_output=True, encoding="utf-8", timeout=60, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass
class Host(Site):
    """Configuration, key and state in one folder, and the command that works on them."""

    def configure(self, text: str = "") -> None:
        """A configuration that begins with `text` and keeps everything in the folder."""
        self.config.write_text(
            f'{text}\n[paths]\nstate = "{self.state}"\nsocket = "{self.socket}"\nmaster_key = "{self.key}"\n'
        )
        self.config.chmod(0o644)

    def argv(self, *arguments: str) -> list[str]:
        """The command line of `rw2fa ARGUMENTS`."""
        return [str(PROGRAM), "--config", str(self.config), *arguments]

    def process(self, *arguments: str, stdin: str = "") -> Done:
        """Run `rw2fa ARGUMENTS` as a process of its own, whatever comes of it."""
        return run(self.argv(*arguments), stdin)

    def rw2fa(self, *arguments: str) -> Done:
        """Run `rw2fa ARGUMENTS` in this process, which is ten times as fast, whatever comes of it."""
        out, err, stdin = StringIO(), StringIO(), sys.stdin
        sys.stdin = StringIO()
        try:
            with redirect_stdout(out), redirect_stderr(err):
                status = command_line(["--config", str(self.config), *arguments])
        finally:
            sys.stdin = stdin
        return Done(status, out.getvalue(), err.getvalue())

    def does(self, *arguments: str) -> str:
        """Run it, and what it printed; it has to succeed."""
        done = self.rw2fa(*arguments)
        assert done.status == 0, done.err
        return done.out

    def refuses(self, *arguments: str) -> str:
        """Run it, and why it refused: one line on standard error, and status 1."""
        done = self.rw2fa(*arguments)
        assert done.status == 1, done
        assert done.err.startswith("rw2fa: ")
        assert done.err.count("\n") == 1, done.err
        return done.err.removeprefix("rw2fa: ").strip()

    def json(self, *arguments: str) -> Any:
        """What `rw2fa ARGUMENTS --json` printed."""
        return json.loads(self.does(*arguments, "--json"))

    def stored(self) -> dict[str, bytes]:
        """Every file of configuration and state, to see whether something changed."""
        return {
            str(path): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and not path.name.endswith(("-shm", "-wal"))
        }
