"""Who is in a group, as far as NSS lists members."""

import grp
from pathlib import Path
from typing import Final

#: Members of one group that a check examines.
MEMBERS_MAX: Final = 2000
_LOCAL_USERS: Final = Path("/etc/passwd")


def group_members(group: str, most: int = MEMBERS_MAX) -> list[str] | None:
    """The members that the directory lists, and the local users whose primary group it is; None if it is unknown.

    At most `most` of them. A directory need not list the members of its groups: logins look up the user's groups.
    """
    try:
        entry = grp.getgrnam(group)
    except KeyError:
        return None
    return [*entry.gr_mem[:most], *_local_users_of(entry.gr_gid)][:most]


def _local_users_of(gid: int) -> list[str]:
    """Local users only: the list of all users may be a whole company's, read over the network."""
    try:
        text = _LOCAL_USERS.read_text("utf-8", "surrogateescape")
    except OSError:
        return []
    fields = [line.split(":") for line in text.split("\n")]
    return [entry[0] for entry in fields if len(entry) == 7 and entry[3] == str(gid)]
