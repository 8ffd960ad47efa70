"""The sessions of the user who logged on: one for each application, which is come back to."""

import os
import pwd
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.application import Application
from rw2fa_daemon.core.problem import Problem
from rw2fa_portal.desktop.ending import Ending
from rw2fa_portal.desktop.place import ENDING, ROOT, session_folder, user_folder
from rw2fa_portal.session.as_user import as_user
from rw2fa_portal.session.screen_socket import connect_screen, ending_of
from rw2fa_portal.session.starter import start_desktop

START_SECONDS: Final = 30.0
"""Until a screen is there; an idle machine takes one."""

AGAIN_SECONDS: Final = 5.0
"""After which a start that came to nothing is tried again."""

ENDING_SECONDS: Final = 3.0
"""For the process of a session to say how it ended, once its screen is gone."""

LOOK_SECONDS: Final = 0.02
SHELLS: Final = Path("/etc/shells")
"""Login shells (shells(5)). A user with another one may not start programs here."""

Start = Callable[[pwd.struct_passwd, Application, Path, int], bool]


@dataclass(frozen=True, slots=True)
class Desktops:
    """The sessions of one user. `keep_seconds`: how long one stays when nobody looks at it."""

    user: pwd.struct_passwd
    keep_seconds: int
    root: Path = ROOT
    start: Start = start_desktop
    clock: Callable[[], float] = time.monotonic

    def open(self, application: Application) -> socket.socket | Ending:
        """A connection to the screen of the session, which is begun if it does not run; or why there is none."""
        if not may_start_programs(self.user):
            return Ending.NO_SHELL
        _make_folder(self.root, self.user)
        folder = session_folder(self.root, self.user.pw_uid, application)
        if (connection := connect_screen(folder, self.user)) is not None:
            return connection
        self._forget_ending(folder)
        if not self.start(self.user, application, folder, self.keep_seconds):
            return Ending.FAILED
        now = self.clock()
        end, again = now + START_SECONDS, now + AGAIN_SECONDS
        while self.clock() < end:
            if (connection := connect_screen(folder, self.user)) is not None:
                return connection
            if (ending := ending_of(folder, self.user)) is not None:
                return ending
            if self.clock() > again:
                # The session before may have been about to end, and its unit still been there.
                self.start(self.user, application, folder, self.keep_seconds)
                again += AGAIN_SECONDS
            time.sleep(LOOK_SECONDS)
        return Ending.FAILED

    def ending(self, application: Application) -> Ending | None:
        """How the session ended, None while it runs: its screen is asked, and the word that is left of it."""
        folder = session_folder(self.root, self.user.pw_uid, application)
        if (connection := connect_screen(folder, self.user)) is not None:
            connection.close()
            return None
        end = self.clock() + ENDING_SECONDS
        while self.clock() < end:
            if (ending := ending_of(folder, self.user)) is not None:
                return ending
            time.sleep(LOOK_SECONDS)
        return Ending.KILLED

    def _forget_ending(self, folder: Path) -> None:
        with as_user(self.user):
            try:
                (folder / ENDING).unlink(missing_ok=True)
            except OSError:
                return


def may_start_programs(user: pwd.struct_passwd) -> bool:
    """Whether the account has a login shell: one without is for mail or files, as pam_shells(8) has it."""
    try:
        shells = SHELLS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return True
    return (user.pw_shell or "/bin/sh") in (line.strip() for line in shells if not line.startswith("#"))


def _make_folder(root: Path, user: pwd.struct_passwd) -> None:
    """The user's folder below root's; Problem where it cannot be made, or is not what it has to be."""
    folder = user_folder(root, user.pw_uid)
    try:
        for path, mode in ((root, 0o711), (folder, 0o700)):
            path.mkdir(exist_ok=True)
            path.chmod(mode)  # whatever the umask said
        os.chown(folder, user.pw_uid, user.pw_gid)
    except OSError as error:
        raise Problem(
            f"{folder} cannot be made ({error.strerror})", f"see whether {root} is a folder of root's"
        ) from error
