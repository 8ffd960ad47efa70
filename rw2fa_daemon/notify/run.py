"""Running the administrator's program, with a minimal environment and a deadline."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The program may be a script, and sendmail is in sbin."""


def run(program: Path, words: Mapping[str, str], seconds: float) -> None:
    """Run `program` with `words` in its environment and no input; its standard error is ours.

    Raises Problem if it cannot be run, fails, or has not ended after `seconds`: then it is killed, with all of its
    children that are still in its process group. Children that outlive a success, such as a mail delivery, may go on.
    """
    try:
        process = subprocess.Popen(
            [str(program)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": PATH, "LANG": "C.UTF-8", **words},
            start_new_session=True,
        )
    except OSError as error:
        raise Problem(f"{program} cannot be run ({error.strerror})", "correct its first line and its mode") from None
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Problem(
            f"{program} did not end within {seconds:g} s", "let it queue work that takes longer, as sendmail does"
        ) from None
    if status != 0:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        raise Problem(f"{program} {how}", "see its output with: journalctl -u rw2fa-notify.service")
