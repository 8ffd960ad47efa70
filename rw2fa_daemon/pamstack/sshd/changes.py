"""What our drop-in makes of a host's sshd, for people in the scope and for everybody else (promise 14)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.user import Membership, Missing, User, UserList
from rw2fa_daemon.directory.members import group_members
from rw2fa_daemon.directory.request import lookup as directory_lookup
from rw2fa_daemon.pamstack.sshd.ask import Ask, Connection, Settings, files_of, sshd_with
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN, Scope
from rw2fa_daemon.pamstack.sshd.policy import ways, weaker
from rw2fa_daemon.pamstack.sshd.read import Part, read

#: People, and addresses, that sshd is asked about; each connection takes some 20 ms.
PEOPLE_MAX: Final = 32
PLACES_MAX: Final = 6
#: Looked up for one group, to find a member who is in the scope, and one who is not.
MEMBERS_MAX: Final = 8
#: Everybody meets a host with these in mind: the administrator, a system account, and a name that nobody has.
ALWAYS: Final = ("root", "daemon", "nobody-of-this-name")
#: What the drop-in may set, for the people of the scope.
_OURS: Final = frozenset({"authenticationmethods", "kbdinteractiveauthentication"})
_REWRITE: Final = "run `rw2fa pam install sshd`, which writes the drop-in again"

Lookup = Callable[[str, tuple[str, ...]], User | Missing]
Members = Callable[[str], list[str] | None]


@dataclass(frozen=True, slots=True)
class Representative:
    """A connection to compare; `asked`: who connects so is asked for a code."""

    connection: Connection
    asked: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Something that sshd does otherwise with the drop-in than without, and may not."""

    who: Connection
    detail: str
    fix: str


def compare(one: Representative, before: Settings, after: Settings) -> list[Change]:
    """What `after`, the settings with the drop-in, has changed for somebody, and may not. Pure.

    For people of the scope it may set two keywords, and no way in may ask for less than every way before. For everybody
    else it may set nothing.
    """
    who = one.connection
    allowed = _OURS if one.asked else frozenset[str]()
    changed = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    found = [
        Change(
            who,
            f"with our drop-in sshd has `{key} {_shown(after.get(key))}` for {_name(who)}, and without "
            f"`{key} {_shown(before.get(key))}`",
            _REWRITE,
        )
        for key in changed
        if key not in allowed
    ]
    if one.asked and (way := weaker(ways(_first(before)), ways(_first(after)))) is not None:
        open_before = " or ".join(",".join(old) for old in ways(_first(before))) or "nothing"
        found.append(
            Change(
                who,
                f"with our drop-in {_name(who)} gets into sshd by {','.join(way)}, and without by {open_before}",
                f"{_REWRITE}; should that not help, move what sshd_config says before {DROPIN} behind it",
            )
        )
    return found


def changes(chosen: Iterable[Representative], before: Ask, after: Ask) -> Iterator[Change]:
    """What the drop-in changes for each of them, and may not. Raises Problem where sshd cannot say without it."""
    for one in chosen:
        was = before(one.connection)
        try:
            now = after(one.connection)
        except Problem as problem:
            detail = f"with our drop-in sshd refuses {_name(one.connection)}: {problem.what}"
            yield Change(one.connection, detail, problem.fix)
        else:
            yield from compare(one, was, now)


def changes_on_host(scope: Scope, dropin: str) -> list[Change]:
    """What `dropin` changes on this host for people in `scope` and out of it, and may not; none without sshd."""
    files = files_of()
    chosen = representatives(read(files), scope)
    with sshd_with(files) as before, sshd_with(files_of(dropin=dropin)) as after:
        return [] if before is None or after is None else list(changes(chosen, before, after))


def representatives(
    parts: Sequence[Part],
    scope: Scope,
    *,
    people: Iterable[str] = (),
    lookup: Lookup = directory_lookup,
    members: Members = group_members,
) -> list[Representative]:
    """Somebody for each thing that this configuration and the scope tell people apart by, and `people` themselves.

    Each user whom a Match names, members of each group that one names, in the scope and not, members of the scope and
    exempt ones; from nowhere in particular, and from each network that a Match or an exemption names.
    """
    words = [criterion for part in parts for criterion in part.criteria]
    named = [name for one in words if one.word == "user" for name in _plain(one.patterns)]
    groups = [name for one in words if one.word == "group" for name in _plain(one.patterns)]
    rosters = (scope.scope, scope.exempt_users)
    groups += [group for roster in rosters for group in roster.groups]
    known = _Known(scope, lookup)
    candidates = [*ALWAYS, *named]
    for group in dict.fromkeys(groups):
        candidates += _of_each_kind(known, (members(group) or [])[:MEMBERS_MAX])
    candidates += [*people, *sorted(scope.aliases)[:MEMBERS_MAX]]
    candidates += [*(name for roster in rosters for name in sorted(roster.users)[:MEMBERS_MAX])]
    # `sshd -C` parts what it is told at commas.
    names = [name for name in dict.fromkeys(candidates) if "," not in name][:PEOPLE_MAX]
    places = _places(parts, scope)
    anywhere = [Representative(Connection(name), known.asked(name, Connection(name))) for name in names]
    elsewhere = [
        Representative(there, known.asked(one.connection.user, there))
        for place in places
        for one in anywhere
        for there in [Connection(one.connection.user, place.address, place.local_address, place.local_port)]
    ]
    return anywhere + elsewhere


@dataclass(frozen=True, slots=True)
class _Known:
    """Who is in the scope, by the directory."""

    scope: Scope
    lookup: Lookup

    def asked(self, name: str, connection: Connection) -> bool:
        """Whether a user of this name, as connected, is asked for a code."""
        address = ip_address(connection.address)
        if any(address in network for network in self.scope.exempt_networks):
            return False
        scope, exempt = self.scope.scope, self.scope.exempt_users
        user = self.lookup(name, (*scope.groups, *exempt.groups))
        if isinstance(user, Missing):
            return name in scope.users and name not in exempt.users
        # The file may spell the name otherwise than the directory does.
        by_name = UserList(scope.users | ({user.name} if name in scope.users else set()), scope.groups)
        return by_name.membership_by_uid(user) is Membership.MEMBER and exempt.membership(user) is not Membership.MEMBER


def _of_each_kind(known: _Known, names: Iterable[str]) -> list[str]:
    """One of these names that is asked for a code, and one that is not, as far as there are."""
    found: dict[bool, str] = {}
    for name in names:
        found.setdefault(known.asked(name, Connection(name)), name)
        if len(found) == 2:
            break
    return list(found.values())


def _plain(patterns: Iterable[str]) -> Iterator[str]:
    """The patterns that are a name; a negated one as well, for who is left out is somebody, too."""
    for pattern in patterns:
        name = pattern.removeprefix("!")
        if name and not any(sign in name for sign in "*?"):
            yield name


def _places(parts: Sequence[Part], scope: Scope) -> list[Connection]:
    """Where connections come from, and to, that the configuration or the exemptions tell apart; no user is named."""
    found = [Connection("", str(network[0])) for network in scope.exempt_networks]
    for criterion in (criterion for part in parts for criterion in part.criteria):
        for pattern in criterion.patterns:
            value = pattern.removeprefix("!")
            match criterion.word:
                case "address" | "host" if (address := _address_in(value)) is not None:
                    found.append(Connection("", address))
                case "localaddress" if (address := _address_in(value)) is not None:
                    found.append(Connection("", local_address=address))
                case "localport" if value.isdigit():
                    found.append(Connection("", local_port=value))
                case _:
                    pass
    return list(dict.fromkeys(found))[:PLACES_MAX]


def _address_in(pattern: str) -> str | None:
    """An address that a pattern of Match holds for, None for one that no address of its own comes to."""
    with_numbers = pattern.replace("*", "1").replace("?", "1")
    try:
        return str(ip_network(with_numbers, strict=False)[0])
    except ValueError:
        return None


def _first(settings: Settings) -> Mapping[str, str]:
    return {key: values[0] for key, values in settings.items()}


def _shown(values: tuple[str, ...] | None) -> str:
    return " ".join(values) if values else "(nothing)"


def _name(who: Connection) -> str:
    """Who connects, in words."""
    from_elsewhere = "" if who.address == Connection(who.user).address else f" from {who.address}"
    to_port = f" to port {who.local_port}" if who.local_port else ""
    return f"{who.user}{from_elsewhere}{to_port}"
