"""Look-ups of many users one after the other, for lists: groups are read once for hundreds of users."""

from collections.abc import Iterator, Sequence
from typing import Final

from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory import nss
from rw2fa_daemon.directory.answer import user_from
from rw2fa_daemon.directory.found import Found

FIRST_AT_ONCE: Final = 64
"""Users looked up before the first answers are returned; doubled each time, up to AT_ONCE."""
AT_ONCE: Final = 8_192
"""A group is read twice for this many users, and may have a hundred thousand members."""

_Group = tuple[int, frozenset[str]] | None


def lookups(names: Sequence[str], groups: tuple[str, ...]) -> Iterator[User | Missing]:
    """What `request.lookup` says of each name, in order; blocks for as long as NSS does, and never raises.

    Without `groups` the gids are not looked up either, and are empty in the answers.
    """
    room = nss.Room()
    before = _listed(groups)
    start, size = 0, FIRST_AT_ONCE
    while start < len(names):
        asked = [_asked(name, groups, room) for name in names[start : start + size]]
        after = _listed(groups)
        for user in asked:
            yield user if isinstance(user, Missing) else _settled(user, groups, before, after)
        before = after
        start, size = start + size, min(2 * size, AT_ONCE)


def _listed(groups: tuple[str, ...]) -> list[_Group]:
    found = [nss.group_now(group) for group in groups]
    return [group and (group[0], frozenset(group[1])) for group in found]


def _asked(name: str, groups: tuple[str, ...], room: nss.Room) -> tuple[bytes, int, list[int]] | Missing:
    try:
        return nss.user_now(name, room, with_gids=bool(groups)) or Missing.UNKNOWN
    except nss.NotAnswered:
        return Missing.UNAVAILABLE


def _settled(
    user: tuple[bytes, int, list[int]], groups: tuple[str, ...], before: list[_Group], after: list[_Group]
) -> User:
    name, uid, gids = user
    if not groups:
        return User(name.decode("utf-8", "surrogateescape"), uid, frozenset())
    held = frozenset(gids)
    resolved = [nss.settled(name, held, *seen) for seen in zip(before, after, strict=True)]
    return user_from(Found(name.decode("utf-8", "surrogateescape"), uid, gids, resolved), groups)
