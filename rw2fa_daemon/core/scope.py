"""Whether a user needs a second factor, before the state is read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from rw2fa_daemon.core.address import parse_address
from rw2fa_daemon.core.user import Membership, Missing, User, UserList

Network = IPv4Network | IPv6Network

ALWAYS_THERE: Final = "root"
"""A user that every host has in its own files."""


class ScopeStatus(StrEnum):
    """The answers to "does this user need a second factor?"; all but ENABLED name a rule."""

    NO_SUCH_USER = "no-such-user"
    USER_UNKNOWN = "user-unknown"
    DIRECTORY_UNAVAILABLE = "directory-unavailable"
    EXEMPT_USER = "exempt-user"
    EXEMPT_NETWORK = "exempt-network"
    NOT_ENABLED = "not-enabled"
    REMEMBERED_NOT_ENABLED = "remembered-not-enabled"
    SCOPE_UNSURE = "scope-unsure"
    ENABLED = "enabled"


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of the configuration that say who is asked."""

    scope: UserList = field(default_factory=UserList)
    whitelist: UserList = field(default_factory=UserList)
    exempt_users: UserList = field(default_factory=UserList)
    exempt_networks: tuple[Network, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group that a look-up has to resolve, each once."""
        return tuple(dict.fromkeys((*self.scope.groups, *self.whitelist.groups, *self.exempt_users.groups)))


@dataclass(frozen=True, slots=True)
class ScopeResult:
    """A scope status, the entries of the scope that say so, and whether RDP is allowed."""

    scope_status: ScopeStatus
    entries: tuple[str, ...] = ()
    whitelisted: bool = False
    account: str = ""
    """The account that judges an enabled user: their own, or that of the name with the same uid that the scope has."""
    alias: bool = False
    """Whether that is another name."""


_NOBODY = {
    Missing.NO_SUCH_USER: ScopeStatus.NO_SUCH_USER,
    Missing.UNKNOWN: ScopeStatus.USER_UNKNOWN,
    Missing.UNAVAILABLE: ScopeStatus.DIRECTORY_UNAVAILABLE,
}


def no_such_user(lists: Lists, typed: str, *, known_there: bool | None, witness: User | Missing) -> Missing:
    """What to make of a name that NSS did not give: NO_SUCH_USER if that is as sure as it can be, else UNKNOWN.

    `known_there` is what the login program's own NSS says, `witness` a look-up, with the groups of the scope, of
    a user who always exists: a directory that is down knows its groups no more than its users. A name in the scope
    is a user's, however it is spelled (promise 13).
    """
    sure = isinstance(witness, User) and all(witness.groups.get(name) is not None for name in lists.scope.groups)
    local = typed.rpartition("\\")[2].partition("@")[0]
    named = not lists.scope.users.isdisjoint({typed, typed.lower(), local, local.lower()})
    return Missing.NO_SUCH_USER if known_there is False and sure and not named else Missing.UNKNOWN


def scope_result(
    lists: Lists, user: User | Missing, address: str, was_not_member: Callable[[User], bool]
) -> ScopeResult:
    """Whether a user needs a second factor. `address` is a numeric address or empty.

    An entry of the scope covers every name of its uid; an exemption covers the name that it gives, and no other.

    `was_not_member` says whether the last complete look-up of this user said "not a member"
    of this very scope; it is asked only while the scope is unsure (promise 13).
    """
    if not isinstance(user, User):
        return ScopeResult(_NOBODY[user])
    if lists.exempt_users.matches(user):
        return ScopeResult(ScopeStatus.EXEMPT_USER)
    if in_networks(address, lists.exempt_networks):
        return ScopeResult(ScopeStatus.EXEMPT_NETWORK)
    account, entries = lists.scope.naming(user)
    if entries:
        whitelisted = bool(lists.whitelist.matches(user))
        return ScopeResult(ScopeStatus.ENABLED, entries, whitelisted, account.name, account is not user)
    if lists.scope.membership_by_uid(user) is Membership.NOT_MEMBER:
        return ScopeResult(ScopeStatus.NOT_ENABLED)
    remembered = was_not_member(user)
    return ScopeResult(ScopeStatus.REMEMBERED_NOT_ENABLED if remembered else ScopeStatus.SCOPE_UNSURE)


def surely_asked(lists: Lists, user: User, address: str = "", *, written: str = "") -> bool:
    """Whether a login of this user from `address` is asked for a code, as far as the configuration alone can say.

    `written` is a name for which the directory gives this user: an entry of the scope may be spelled like it.
    """
    status = scope_result(lists, user, address, lambda _: True).scope_status
    if written in lists.scope.users:
        return status in {ScopeStatus.ENABLED, ScopeStatus.NOT_ENABLED, ScopeStatus.REMEMBERED_NOT_ENABLED}
    return status is ScopeStatus.ENABLED


def in_networks(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether a numeric address is in one of the networks; a name, or nothing, never is.

    An IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2) counts as the IPv4 address.
    """
    parsed = parse_address(address) if networks else None
    return parsed is not None and any(parsed.version == network.version and parsed in network for network in networks)
