"""What somebody typed as an argument does not stay where others read it (promise 3)."""

import subprocess
import sys

import pytest

NUMBER = "+12025550123"
SHOWING = """
import sys
from pathlib import Path
from rw2fa_daemon.cli.command_line import hide
hide(sys.argv[2])
sys.stdout.buffer.write(Path("/proc/self/cmdline").read_bytes())
"""


@pytest.mark.parametrize("typed", [NUMBER, "number with é", ""])
def test_promise_3_an_argument_can_be_covered_and_the_others_stay(typed: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", SHOWING, "--sms", typed, "bob"], capture_output=True, check=True
    ).stdout
    arguments = told.split(b"\0")[:-1]
    assert arguments[-3:] == [b"--sms", b"x" * len(typed.encode()), b"bob"]
    assert arguments[0].decode() == sys.executable
