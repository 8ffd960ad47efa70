"""The database password, from a file that no other user can read."""

import os
import stat
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.problem import StateProblem

CREDENTIAL: Final = "rw2fa.database-password"
"""The systemd credential that holds it (systemd.exec(5), LoadCredential=)."""

_NONE: Final = "none"
"""The content of the credential if the unit found no file."""

_SIZE_MAX: Final = 1024
_FORBIDDEN_IN_FILE: Final = 0o077
# systemd may give a credential to the unit's user by an ACL, whose mask shows as the group's bits.
_FORBIDDEN_IN_CREDENTIAL: Final = 0o037


def load(file: str) -> Secret | None:
    """The password, from the systemd credential or else from `file`; None if neither exists.

    Raises `StateProblem` if it cannot be read or other users can read it.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder is not None and (credential := Path(folder, CREDENTIAL)).exists():
        handed = _read(credential, _FORBIDDEN_IN_CREDENTIAL)
        return None if handed == Secret(_NONE.encode()) else handed
    return _read(Path(file), _FORBIDDEN_IN_FILE) if file else None


def _read(path: Path, forbidden: int) -> Secret | None:
    try:
        # Non-blocking: a FIFO in its place must not hang the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateProblem(
            f"the password of the database in {path} cannot be read: {error.strerror}",
            "run this as root; a unit that runs as another user gets it by "
            f"`LoadCredential={CREDENTIAL}:/etc/rw2fa/database.password`",
        ) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid()) or status.st_mode & forbidden:
            raise StateProblem(
                f"others can read or replace the password of the database in {path}",
                f"give the database another password, then `chown root: {path}` and `chmod 0600 {path}`",
            )
        content = os.read(descriptor, _SIZE_MAX)
    finally:
        os.close(descriptor)
    try:
        password = content.decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise StateProblem(
            f"the password of the database in {path} is not UTF-8", "write it anew, as one line of text"
        ) from None
    return Secret(password.encode()) if password else None
