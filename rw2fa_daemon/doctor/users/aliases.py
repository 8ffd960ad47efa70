"""Names that share a uid with a user who is asked for a code, or with root."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.user import User
from rw2fa_daemon.directory import local
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject

_LOCAL_USERS: Final = Path("/etc/passwd")
_ROOT: Final = 0


def check_aliases(subject: Subject) -> Iterator[Finding]:
    """Each uid with several local names of which one is in the scope; root's in any case."""
    scope = subject.config.scope
    for uid, names in sorted(local.read(subject.path(_LOCAL_USERS).read_bytes()).items()):
        listed = ", ".join(name.decode("utf-8", "backslashreplace") for name in names)
        user = subject.lookup(names[0].decode("utf-8", "surrogateescape"), scope.groups)
        account, entries = scope.naming(user) if isinstance(user, User) else (None, ())
        if account is not None and entries:
            yield Finding(
                "aliases",
                ok=True,
                detail=f"{listed} have the same uid, {uid}: to the kernel they are one user, so those that are not "
                f"in the scope are asked for the codes of {account.name}",
                fix="keep one name for each uid, or give each of the others a device: rw2fa users add NAME",
            )
        elif uid == _ROOT:
            yield Finding(
                "aliases",
                ok=True,
                detail=f"{listed} are all root, and none of them is asked for a code",
                fix="run `userdel NAME` for those that are not needed, or `rw2fa users add root`",
            )
