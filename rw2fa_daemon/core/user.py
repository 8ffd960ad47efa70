"""Users as NSS gives them, and lists that name users and groups (promise 13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

GROUP_MARK = "@"


@dataclass(frozen=True, slots=True)
class User:
    """A user as NSS knows one: canonical `name`, `uid`, the gids of getgrouplist(3).

    `groups` maps each group name that the configuration mentions to its gid, or to None where
    the look-up could not resolve it; it was filled by the same look-up as `gids`.
    """

    name: str
    uid: int
    gids: frozenset[int]
    groups: Mapping[str, int | None] = field(default_factory=dict)
    others: "tuple[User, ...]" = ()
    """The other names of that uid, which are the same user to the kernel; of their gids, those of `groups` alone."""


class Missing(Enum):
    """Why a look-up found no user."""

    UNKNOWN = "unknown"
    """NSS answered that there is no such user. A directory that is down may do so too."""
    NO_SUCH_USER = "no such user"
    """The same, and nothing speaks against it (scope.no_such_user)."""
    UNAVAILABLE = "unavailable"
    """NSS did not answer before the deadline, or failed."""


class Membership(Enum):
    """Whether a user is on a list."""

    MEMBER = "member"
    NOT_MEMBER = "not member"
    UNSURE = "unsure"
    """No entry matches, but a group of the list could not be resolved."""


@dataclass(frozen=True, slots=True)
class UserList:
    """A list of users and groups as the configuration gives it.

    `users` are canonical names; `groups` group names without the mark.
    """

    users: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "UserList":
        """A list in which a group is written `@name`."""
        names = tuple(entries)
        # Of a hundred thousand users mostly none is a group, and to ask each takes as long as all the rest.
        marked = tuple(name for name in names if name.startswith(GROUP_MARK)) if GROUP_MARK in "".join(names) else ()
        users = frozenset(names)
        return cls(
            users=users.difference(marked) if marked else users,
            groups=tuple(name.removeprefix(GROUP_MARK) for name in marked),
        )

    def matches(self, user: User) -> tuple[str, ...]:
        """The entries that name this user: the name first, then groups with their mark."""
        if not self.users and not self.groups:
            return ()
        by_name = (user.name,) if user.name in self.users else ()
        by_group = tuple(
            GROUP_MARK + group
            for group in self.groups
            if (gid := user.groups.get(group)) is not None and gid in user.gids
        )
        return by_name + by_group

    def naming(self, user: User) -> tuple[User, tuple[str, ...]]:
        """The first name of the user's uid on this list, their own before others, and its entries; or no entry."""
        for each in (user, *user.others):
            if entries := self.matches(each):
                return each, entries
        return user, ()

    def membership_by_uid(self, user: User) -> Membership:
        """Whether any name of the user's uid is on this list; unsure while that cannot be told of one of them."""
        found = {self.membership(each) for each in (user, *user.others)}
        return next(each for each in (Membership.MEMBER, Membership.UNSURE, Membership.NOT_MEMBER) if each in found)

    def membership(self, user: User) -> Membership:
        """Whether the user is on this list; unsure while a group of it is unresolved."""
        if self.matches(user):
            return Membership.MEMBER
        if any(user.groups.get(group) is None for group in self.groups):
            return Membership.UNSURE
        return Membership.NOT_MEMBER
