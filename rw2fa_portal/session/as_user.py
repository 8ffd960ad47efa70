"""Root, for a moment with no more rights than a user: what the user has laid out cannot lead root anywhere else."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def as_user(user: pwd.struct_passwd) -> Iterator[None]:
    """Open and connect as `user` within the block: files by that user's rights, and SO_PEERCRED names that user.

    For a process of one thread. Whoever cannot become root again goes no further.
    """
    groups = os.getgroups()
    os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        try:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)
        except OSError:
            os._exit(1)
