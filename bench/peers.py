"""What rw2fa is measured against: the floor of libpam itself, and the two modules that Debian ships."""

import base64
import os
from pathlib import Path
from typing import Protocol

from bench.accounts import GID, name_of, secret_of, uid_of
from bench.load import write_stack
from bench.paths import HOMES, MODULES


class Subject(Protocol):
    """Something that logins are sent through."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    @property
    def confdir(self) -> Path:
        """Its private PAM folder."""

    @property
    def asks(self) -> bool:
        """Whether it asks for a code at all."""

    def refresh(self, users: range) -> None:
        """Makes each of `users` somebody who has enrolled and never logged in; all of it is on disk afterwards."""

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far outside of the login programs' processes."""


class InProcess:
    """What all modules have in common that do their work in the login program's process."""

    def cpu_seconds(self) -> float:
        """None outside."""
        return 0.0


class Permit(InProcess):
    """pam_permit: what libpam costs without a second factor."""

    name = "pam_permit"
    asks = False

    def __init__(self, folder: Path) -> None:
        self.confdir = write_stack(folder / "permit", f"{MODULES}/pam_permit.so")

    def refresh(self, users: range) -> None:
        """Nothing: it remembers nobody."""


# What `google-authenticator --time-based --disallow-reuse --rate-limit=3 --rate-time=30 --window-size=17` writes, which
# are its answers when every question is answered with yes.
GOOGLE_FILE = """\
{secret}
" RATE_LIMIT 3 30
" WINDOW_SIZE 17
" DISALLOW_REUSE
" TOTP_AUTH
27355248
45389480
61353763
40934203
58590526
"""


class GoogleAuthenticator(InProcess):
    """pam_google_authenticator with its tool's defaults: one file a user, in the user's home."""

    name = "google-authenticator"
    asks = True

    def __init__(self, folder: Path) -> None:
        self.confdir = write_stack(folder / "google", f"{MODULES}/pam_google_authenticator.so")

    def refresh(self, users: range) -> None:
        """Writes each user's file anew."""
        for number in users:
            home = HOMES / name_of(number)
            if not home.exists():
                home.mkdir()
                os.chown(home, uid_of(number), GID)
            file = home / ".google_authenticator"
            file.unlink(missing_ok=True)
            file.write_text(GOOGLE_FILE.format(secret=base64.b32encode(secret_of(number)).decode()))
            file.chmod(0o600)
            os.chown(file, uid_of(number), GID)
        # Or the first login's fsync would pay for all this.
        os.sync()


class Oath(InProcess):
    """pam_oath, one file for everybody, which it rewrites at each login."""

    asks = True

    def __init__(self, folder: Path, enrolled: int) -> None:
        self.name = f"pam_oath, {enrolled:,} users"
        self._file = folder / f"users-{enrolled}.oath"
        self._lines = "".join(
            f"HOTP/T30/6 {name_of(number)} - {secret_of(number).hex()}\n" for number in range(enrolled)
        )
        line = f"{MODULES}/pam_oath.so usersfile={self._file} window=20 digits=6"
        self.confdir = write_stack(folder / f"oath-{enrolled}", line)

    def refresh(self, users: range) -> None:
        """Writes the file anew, for everybody."""
        del users
        self._file.write_text(self._lines)
        self._file.chmod(0o600)
        os.sync()
