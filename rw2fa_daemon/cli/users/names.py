"""Resolving typed names and lists of names in the directory."""

import grp
from collections.abc import Iterable
from threading import Thread
from typing import Final

from rw2fa_daemon.cli.printing import shown
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import GROUP_MARK, Missing, User, UserList
from rw2fa_daemon.directory.members import group_members
from rw2fa_daemon.directory.request import lookup

COUNT_SECONDS: Final = 2.0
MEMBERS_MAX: Final = 1_000_000
"""Members of one group."""


def entry_of(typed: str) -> str:
    """The list entry for what was typed: a user or @group by the name that NSS gives; raises Problem."""
    if typed.startswith(GROUP_MARK):
        return GROUP_MARK + _group(typed.removeprefix(GROUP_MARK))
    return user_of(typed, ()).name


def user_of(typed: str, groups: tuple[str, ...]) -> User:
    """The user that `typed` names; raises Problem if NSS knows none, or does not answer."""
    user = lookup(typed, groups)
    if user is Missing.UNKNOWN:
        raise Problem(f"there is no user {shown(typed)}", f"look for the name with: getent passwd {shown(typed)}")
    if not isinstance(user, User):
        raise Problem(f"the directory does not answer about {shown(typed)}", "try again once it does")
    return user


def entries_of(typed: Iterable[str]) -> list[str]:
    """The entries for everything typed, without duplicates; raises one Problem that names all unknown ones."""
    entries: list[str] = []
    problems: list[Problem] = []
    for name in typed:
        try:
            entries.append(entry_of(name))
        except Problem as problem:
            problems.append(problem)
    if len(problems) > 1:
        raise Problem(", ".join(problem.what for problem in problems), "correct the names; nothing was changed")
    if problems:
        raise problems[0]
    return list(dict.fromkeys(entries))


def _group(name: str) -> str:
    try:
        return grp.getgrnam(name).gr_name
    except (KeyError, ValueError, OSError):
        # Python's grp does not distinguish "unknown" from "no answer".
        raise Problem(
            f"there is no group {shown(name)}, or the directory does not answer",
            f"look for the name with: getent group {shown(name)}",
        ) from None


def members(roster: UserList) -> tuple[set[str], list[str]]:
    """The names on a list and the members of its groups, as NSS lists them, and the groups that it cannot resolve.

    A directory need not list all members; a look-up of a user by name still finds the others.
    Blocks for as long as NSS does.
    """
    names, unresolved = set(roster.users), []
    for group in roster.groups:
        found = group_members(group, MEMBERS_MAX)
        if found is None:
            unresolved.append(group)
        else:
            names.update(found)
    return names, unresolved


def count_members(roster: UserList) -> int | None:
    """How many users are on a list; None if the directory does not answer within COUNT_SECONDS."""
    found: list[tuple[set[str], list[str]]] = []
    # A thread, since NSS has no deadline; a directory that hangs must not make `rw2fa status` hang.
    thread = Thread(target=lambda: found.append(members(roster)), daemon=True)
    thread.start()
    thread.join(COUNT_SECONDS)
    if not found or found[0][1]:
        return None
    return len(found[0][0])
