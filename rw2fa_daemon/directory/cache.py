"""A cache of recent look-ups: complete answers only, for a few seconds, within fixed bounds."""

from collections import OrderedDict

from rw2fa_daemon.core.user import User

CACHE_SECONDS = 5.0
CACHED_PERSONS_MAX = 4096
CACHED_GIDS_MAX = 50_000
"""For all users together; about 5 MB."""

Key = tuple[str, tuple[str, ...]]


class Cache:
    """Users by what was typed and the groups that were asked about; the least recently used are dropped first.

    Expired entries stay until they are dropped: they are no longer answers, but show which names were found before.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, tuple[float, User]] = OrderedDict()
        self._gids = 0

    def get(self, key: Key, now: float) -> User | None:
        """The user, if looked up at most CACHE_SECONDS before `now` (monotonic seconds)."""
        entry = self._entries.get(key)
        if entry is None or entry[0] <= now:
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def knows(self, key: Key) -> bool:
        """Whether this was found before, as far as the bounds allow it to be remembered."""
        return key in self._entries

    def put(self, key: Key, user: User, now: float) -> None:
        """Stores a user, if all of the groups are resolved."""
        if any(None in each.groups.values() for each in (user, *user.others)):
            return
        self._drop(key)
        self._entries[key] = (now + CACHE_SECONDS, user)
        self._gids += _gids_of(user)
        while len(self._entries) > CACHED_PERSONS_MAX or self._gids > CACHED_GIDS_MAX:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._gids -= _gids_of(entry[1])


def _gids_of(user: User) -> int:
    """How much of the bound a user takes; another name counts as one gid, beside its own."""
    return len(user.gids) + sum(1 + len(other.gids) for other in user.others)
