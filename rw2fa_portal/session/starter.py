"""Starting rw2fa-desktop as a user: by PID 1 where that is systemd, otherwise as a child that stands alone."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.application import Application

PROGRAM: Final = "rw2fa-desktop"
PAM_SERVICE: Final = "rw2fa-desktop"
"""Account and session, without our line: the evidence is in another handle, and the judgement is over."""

SYSTEMD: Final = Path("/run/systemd/system")
"""There where systemd runs (sd_booted(3))."""

ASK_SECONDS: Final = 10.0
"""For PID 1 to take the order for a unit."""

_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
"""As login(1) gives it to a user; PAM or the session may make it another."""


def start_desktop(user: pwd.struct_passwd, application: Application, folder: Path, keep_seconds: int) -> bool:
    """Have the session of `application` begin; whether that was taken. Where it runs already, nothing happens."""
    program = Path(sys.executable).with_name(PROGRAM)
    argv = [str(program), str(folder), str(keep_seconds), "--", *application.argv]
    return _by_systemd(user, application, argv) if SYSTEMD.is_dir() else _alone(user, argv)


def unit_name(user: pwd.struct_passwd, application: Application) -> str:
    """The name of the unit, of which there can be one: two browsers at once start one session."""
    return f"rw2fa-desktop-{user.pw_uid}-{application.label}.service"


def unit_order(user: pwd.struct_passwd, application: Application, argv: Sequence[str]) -> list[str]:
    """The arguments of systemd-run(1) for a transient unit: what runs in it inherits nothing of ours."""
    unit = unit_name(user, application)
    properties = {
        "Description": f"Web session of {user.pw_uid}",
        "User": str(user.pw_uid),
        "PAMName": PAM_SERVICE,
        "WorkingDirectory": "/",
        "Environment": "XDG_SESSION_TYPE=x11 XDG_SESSION_CLASS=user",
        "UMask": "0077",
        "LimitCORE": "0",
        "TimeoutStopSec": "15",
    }
    return [
        *("systemd-run", "--quiet", "--collect", "--no-ask-password", f"--unit={unit}", "--service-type=exec"),
        *(f"--property={name}={value}" for name, value in properties.items()),
        "--",
        # A command line of a unit has variables of its own (systemd.service(5)), and these are not meant.
        *(word.replace("$", "$$") for word in argv),
    ]


def _by_systemd(user: pwd.struct_passwd, application: Application, argv: Sequence[str]) -> bool:
    order = unit_order(user, application, argv)
    try:
        done = subprocess.run(
            order, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_SECONDS, check=False, encoding="utf-8"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _complain(type(error).__name__)
    if done.returncode == 0 or "already" in done.stderr:
        return True
    return _complain(done.stderr.strip())


def _alone(user: pwd.struct_passwd, argv: Sequence[str]) -> bool:
    """A process of the user's with nothing of this one's but the standard error, and no PAM session."""
    environment = {
        **{name: value for name, value in os.environ.items() if name in {"LANG", "LC_ALL", "TZ"}},
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        "SHELL": user.pw_shell,
        "PATH": _PATH,
    }
    try:
        subprocess.Popen(
            argv,
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=os.getgrouplist(user.pw_name, user.pw_gid),
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return _complain(error.strerror or type(error).__name__)
    return True


def _complain(why: str) -> bool:
    sys.stderr.write(f"rw2fa-session: {PROGRAM} was not started: {why}\n")
    return False
