"""What is wrong with this installation, and how to correct it.

run        every check: `rw2fa doctor`
pam_check  those of PAM: `rw2fa pam check`, and before `rw2fa enable`
"""

import time
from collections.abc import Iterable
from pathlib import Path

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.doctor.checks import CHECKS, make
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import HOST, Subject
from rw2fa_daemon.pamstack.programs import effective_sshd

__all__ = ["Finding", "pam_check", "run"]


def run(config: Config, *, root: Path = HOST, now: float | None = None) -> list[Finding]:
    """Every check of the host below `root`, at `now` (UTC seconds; the present by default).

    The host is healthy if all findings are `ok`. A finding that is `ok` and has a `fix` is a warning. A fault of the
    host never raises.
    """
    return make(_subject(config, root, now))


def pam_check(
    config: Config, services: Iterable[str] = (), *, root: Path = HOST, now: float | None = None
) -> list[Finding]:
    """The checks of PAM and its clients, for `services`, or for all of the host's."""
    return make(_subject(config, root, now, tuple(services)), tuple(check for check in CHECKS if check.pam))


def _subject(config: Config, root: Path, now: float | None, services: tuple[str, ...] = ()) -> Subject:
    # For another root sshd cannot be asked: it would answer for this host.
    sshd = effective_sshd if root == HOST else lambda _user: None
    return Subject(config, root, time.time() if now is None else now, services, sshd=sshd)
