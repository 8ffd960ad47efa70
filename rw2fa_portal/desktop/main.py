"""rw2fa-desktop: one session of a user, from its display server to its end. Runs as that user, never as root."""

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Final

from rw2fa_portal.desktop import home, programs, xvnc
from rw2fa_portal.desktop.ending import Ending
from rw2fa_portal.desktop.place import COOKIE, ENDING, LOCK, SOCKET
from rw2fa_portal.desktop.xauthority import write_xauthority

PROGRAM: Final = "rw2fa-desktop"
LOCK_SECONDS: Final = 15.0
"""For the session before to end in its folder."""

END_SECONDS: Final = 5.0
"""For programs to end when they are asked to, before they are killed."""

SCREEN_SECONDS: Final = 1.0
"""Between the end of a session and that of a screen that took it along."""


def main() -> int:
    """0, whatever became of the session: the word in its folder says that."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Runs one session of the web portal for its user.")
    parser.add_argument("folder", type=Path, help="where the socket of the screen is made")
    parser.add_argument("keep", type=int, help="seconds that the session stays when nobody looks at it")
    parser.add_argument("command", nargs="*", help="the one program of the session; without, the desktop")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    os.umask(0o077)
    folder: Path = options.folder
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        if _locked(lock, folder):
            _session(folder, options.keep, options.command)
    return 0


def _locked(lock: IO[str], folder: Path) -> bool:
    """Whether the session of this folder is ours to run: not where one runs, and not before one has quite ended."""
    end = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < end:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if (folder / SOCKET).exists():
                break  # two browsers at once: the other's is the session of both
            time.sleep(0.05)
        else:
            return True
    return False


def _session(folder: Path, keep_seconds: int, command: Sequence[str]) -> None:
    for name in (ENDING, SOCKET):
        (folder / name).unlink(missing_ok=True)
    running: list[subprocess.Popen[bytes]] = []
    ending = Ending.FAILED
    try:
        ending = _run(folder, keep_seconds, command, running)
    except SystemExit:
        ending = Ending.OVER
    finally:
        # Told before programs are given their time to leave: somebody waits to read it.
        with suppress(OSError):
            (folder / SOCKET).unlink(missing_ok=True)
        with suppress(OSError):
            (folder / ENDING).write_text(ending)
        for process in reversed(running):
            _end(process)


def _run(folder: Path, keep_seconds: int, command: Sequence[str], running: list[subprocess.Popen[bytes]]) -> Ending:
    """Run a session until its screen or its program ends. What keeps it from starting is found before anything runs.

    What it started is in `running`, for the caller to end.
    """
    if (fault := home.fault_of(Path.home())) is not None:
        return fault
    if shutil.which(xvnc.PROGRAM) is None:
        return Ending.NO_SERVER
    wanted = _wanted(command)
    if wanted is None:
        return Ending.NO_PROGRAM
    os.chdir(Path.home())
    write_xauthority(folder / COOKIE)
    started = xvnc.start(folder / SOCKET, folder / COOKIE, keep_seconds)
    if started is None:
        return Ending.FAILED
    screen, number = started
    running.append(screen)
    environment = {**os.environ, "DISPLAY": f":{number}", "XAUTHORITY": str(folder / COOKIE)}
    for argv in wanted:
        try:
            running.append(_start(argv, environment))
        except OSError as error:
            sys.stderr.write(f"{PROGRAM}: {argv[0]} cannot be started: {error.strerror}\n")
            return Ending.NO_PROGRAM
    return _first_end(running)


def _wanted(command: Sequence[str]) -> list[Sequence[str]] | None:
    """What to start, one after the other; with the last of them the session ends."""
    if not command:
        desktop = programs.desktop()
        return None if desktop is None else [desktop]
    if shutil.which(command[0]) is None:
        return None
    filler = programs.filler()
    return [command] if filler is None else [filler, command]


def _start(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, process_group=0)


def _first_end(running: Sequence[subprocess.Popen[bytes]]) -> Ending:
    """Wait for the screen, the first of them, or the session, the last, whichever ends first."""
    screen, session = running[0], running[-1]
    known = {process.pid: process for process in running}
    while True:
        # Not reaped here: Popen has to learn how it ended. What is not known is an orphan of the session's.
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        assert ended is not None  # without WNOHANG it waits
        if ended.si_pid not in known:
            os.waitpid(ended.si_pid, 0)
            continue
        known[ended.si_pid].poll()
        if session.returncode is not None:
            # A program whose screen goes ends too, and may be seen first.
            with suppress(subprocess.TimeoutExpired):
                screen.wait(SCREEN_SECONDS)
        if screen.returncode is not None:
            return Ending.LEFT if screen.returncode == 0 else Ending.KILLED
        if session.returncode is not None:
            return Ending.OVER


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have a program and what it started end: politely, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
            break


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
