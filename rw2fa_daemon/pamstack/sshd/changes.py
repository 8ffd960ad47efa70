"""What our drop-in changes in a host's sshd, for users in the scope and for all others (promise 14)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.scope import in_networks, surely_asked
from rw2fa_daemon.core.user import Missing, User
from rw2fa_daemon.directory.members import group_members
from rw2fa_daemon.directory.request import lookup as directory_lookup
from rw2fa_daemon.pamstack.sshd.ask import Ask, Connection, Settings, files_of, sshd_with
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN, Scope
from rw2fa_daemon.pamstack.sshd.policy import ways, weaker
from rw2fa_daemon.pamstack.sshd.read import Part, read

#: Users, and addresses, that sshd is asked about; each connection takes some 20 ms.
PEOPLE_MAX: Final = 32
PLACES_MAX: Final = 6
#: Questions that sshd is asked at the same time, each in a process of its own.
AT_ONCE: Final = 4
#: Members of one group that are looked up, to find one who is in the scope, and one who is not.
MEMBERS_MAX: Final = 8
#: Always compared: the administrator, a system account, and a name that does not exist.
ALWAYS: Final = ("root", "daemon", "nobody-of-this-name")
#: Of the users of a list, so many from each of its ends are compared; sshd treats the others like them.
ENDS: Final = 2
#: What the drop-in may set, for the users of the scope.
_OURS: Final = frozenset({"authenticationmethods", "kbdinteractiveauthentication"})
_REWRITE: Final = "run `rw2fa pam install sshd`, which writes the drop-in again"

Lookup = Callable[[str, tuple[str, ...]], User | Missing]
Members = Callable[[str], list[str] | None]


@dataclass(frozen=True, slots=True)
class Representative:
    """A connection to compare; `asked`: it is asked for a code."""

    connection: Connection
    asked: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Something that the drop-in changes in sshd's behaviour, and must not."""

    who: Connection
    detail: str
    fix: str


def compare(one: Representative, before: Settings, after: Settings) -> list[Change]:
    """What `after`, the settings with the drop-in, changes for a user, and must not. Pure.

    For users of the scope it may set two keywords, and no way in may ask for less than every way before. For all
    others it may set nothing.
    """
    who = one.connection
    allowed = _OURS if one.asked else frozenset[str]()
    changed = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    found = [
        Change(
            who,
            f"with our drop-in sshd has `{key} {_shown(after.get(key))}` for {_name(who)}, and without it "
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
                f"with our drop-in {_name(who)} can log in by {','.join(way)}, and without it by {open_before}",
                f"{_REWRITE}; if that does not help, move what sshd_config sets before including {DROPIN} after it",
            )
        )
    return found


def changes(chosen: Iterable[Representative], before: Ask, after: Ask) -> Iterator[Change]:
    """What the drop-in changes for each of them, and must not. Raises Problem if sshd cannot say without it."""
    # A drop-in of a hundred thousand names takes sshd 30 ms each time, most of it spent computing.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [(one, pool.submit(before, one.connection), pool.submit(after, one.connection)) for one in chosen]
        try:
            for one, was, now in asked:
                yield from _changes_for(one, was, now)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _changes_for(one: Representative, before: Future[Settings], after: Future[Settings]) -> list[Change]:
    was = before.result()
    try:
        now = after.result()
    except Problem as problem:
        detail = f"with our drop-in sshd refuses {_name(one.connection)}: {problem.what}"
        return [Change(one.connection, detail, problem.fix)]
    return compare(one, was, now)


def changes_on_host(scope: Scope, dropin: str) -> list[Change]:
    """What `dropin` changes on this host for users in `scope` and outside it, and must not; nothing without sshd."""
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
    """One user for each distinction that this configuration and the scope make, and `people` themselves.

    Each user whom a Match names, members of each group that one names, in the scope and not, members of the scope and
    exempt ones; from an arbitrary address, and from each network that a Match or an exemption names.
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
    candidates += people
    for listed in (scope.aliases, *(roster.users for roster in rosters)):
        candidates += _ends(sorted(listed))
    # `sshd -C` splits its argument at commas.
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
    """Who is in the scope, according to the directory."""

    scope: Scope
    lookup: Lookup

    def asked(self, name: str, connection: Connection) -> bool:
        """Whether a user of this name is asked for a code on this connection."""
        lists, address = self.scope.lists, connection.address
        user = self.lookup(name, lists.groups)
        if isinstance(user, User):
            return surely_asked(lists, user, address, written=name)
        named = name in lists.scope.users and name not in lists.exempt_users.users
        return named and not in_networks(address, lists.exempt_networks)


def _of_each_kind(known: _Known, names: Iterable[str]) -> list[str]:
    """One of these names that is asked for a code, and one that is not, if there are any."""
    found: dict[bool, str] = {}
    for name in names:
        found.setdefault(known.asked(name, Connection(name)), name)
        if len(found) == 2:
            break
    return list(found.values())


def _ends(names: Sequence[str]) -> Iterator[str]:
    """The first and the last of these: sshd reads the names of a list in order, and might not reach its end."""
    yield from names[:ENDS]
    yield from names[ENDS:][-ENDS:]


def _plain(patterns: Iterable[str]) -> Iterator[str]:
    """The patterns that are plain names; negated ones as well, since excluded users are worth comparing too."""
    for pattern in patterns:
        name = pattern.removeprefix("!")
        if name and not any(sign in name for sign in "*?"):
            yield name


def _places(parts: Sequence[Part], scope: Scope) -> list[Connection]:
    """Origins and destinations of connections that the configuration or the exemptions distinguish; without a user."""
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
    """An address that a pattern of Match matches, None if none can be derived from it."""
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
