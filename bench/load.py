"""One run of the load generator: what is asked of it, and what came of it."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.paths import PROGRAMS

PAM_SUCCESS: Final = 0
PAM_AUTH_ERR: Final = 7
SERVICE: Final = "sshd"
TIMEOUT_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Load:
    """Logins to make: each user sends the codes `steps` off from now, once each.

    `senders` processes send the same code at the same moment.
    """

    clients: int
    users: range
    right: bool = True
    senders: int = 1
    steps: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the load generator counted; times in seconds or microseconds, as named."""

    logins: int
    seconds: float
    cpu_seconds: float
    """Of the clients, and of the daemon where there is one."""
    p50_us: float
    p99_us: float
    asked: int
    codes_never: int
    codes_once: int
    codes_more: int
    returned: Mapping[str, int]
    """How often pam_authenticate returned which code."""

    @property
    def cpu_us(self) -> float:
        """Processor time of one login, microseconds."""
        return self.cpu_seconds / self.logins * 1e6

    @property
    def rate(self) -> float:
        """Logins per second, all clients together."""
        return self.logins / self.seconds

    def count(self, pam_code: int) -> int:
        """How many logins ended with `pam_code`."""
        return self.returned.get(str(pam_code), 0)


def run(confdir: Path, load: Load) -> Outcome:
    """Sends `load` through the stack in `confdir`."""
    arguments = (
        load.clients,
        load.senders,
        load.users.start,
        len(load.users),
        "right" if load.right else "wrong",
        *load.steps,
    )
    finished = subprocess.run(
        [PROGRAMS / "pam_load", confdir, SERVICE, *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_SECONDS,
    )
    return Outcome(**json.loads(finished.stdout))


def write_stack(confdir: Path, line: str) -> Path:
    """Makes `confdir` a private PAM folder in which the service has the one auth line `line`.

    Nothing else is in it, so that what is measured is that module, and libpam around it.
    """
    confdir.mkdir()
    (confdir / SERVICE).write_text(f"auth required {line}\n")
    (confdir / "other").write_text("# libpam wants this file, and loads whatever it names at each start.\n")
    return confdir
