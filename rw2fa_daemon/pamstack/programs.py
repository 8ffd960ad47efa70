"""The host's own programs that read or write PAM and sshd configuration, run with a deadline."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECONDS_MAX: Final = 60
#: Where system programs are, whatever the caller's PATH.
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: sshd's privilege separation folder; Debian's unit and init script create it, and sshd's test modes need it.
_PRIVSEP: Final = Path("/run/sshd")


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended. `complaint` is its last line on standard error, for messages."""

    ok: bool
    output: str
    errors: str

    @property
    def complaint(self) -> str:
        lines = [line.strip() for line in self.errors.splitlines() if line.strip()]
        return lines[-1] if lines else "it gave no reason"


def find(name: str) -> str | None:
    """The path of a program, None if it is not installed."""
    return shutil.which(name, path=PATH)


def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float = SECONDS_MAX,
    input_text: str = "",
) -> Done:
    """Run a program to its end, for at most `seconds`, in a plain locale. A missing one is a failure."""
    try:
        done = subprocess.run(
            argv,
            input=input_text,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=seconds,
            check=False,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", **(environment or {})},
        )
    except subprocess.TimeoutExpired:
        return Done(ok=False, output="", errors=f"{argv[0]} did not end within {seconds:.0f} s")
    except OSError as error:
        return Done(ok=False, output="", errors=f"{argv[0]}: {error.strerror}")
    return Done(done.returncode == 0, done.stdout, done.stderr)


def sshd(*arguments: str) -> Done | None:
    """Run sshd in one of its test modes; None if it is not installed."""
    path = find("sshd")
    if path is None:
        return None
    if not _PRIVSEP.exists() and os.geteuid() == 0 and os.access(_PRIVSEP.parent, os.W_OK):
        _PRIVSEP.mkdir(exist_ok=True)
        _PRIVSEP.chmod(0o755)
    return run([path, *arguments])


def effective_sshd(user: str, *, host: str = "localhost", address: str = "127.0.0.1") -> dict[str, str] | str | None:
    """What sshd would do for a user (`sshd -T -C`), by lower-case keyword, the first value of each.

    A string is the reason why it cannot say; None means that it is not installed.
    """
    done = sshd("-T", "-C", f"user={user},host={host},addr={address}")
    if done is None:
        return None
    if not done.ok:
        return done.complaint
    settings: dict[str, str] = {}
    for line in done.output.splitlines():
        keyword, _, value = line.partition(" ")
        settings.setdefault(keyword.lower(), value)
    return settings


def under_systemd() -> bool:
    """Whether systemd runs this host (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()
