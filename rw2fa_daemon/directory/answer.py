"""The result of a look-up in the types of the core."""

from rw2fa_daemon.core.user import User
from rw2fa_daemon.directory.found import Found


def user_from(found: Found, groups: tuple[str, ...]) -> User:
    """The user that was found by a look-up with `groups`."""
    return User(
        found.name,
        found.uid,
        frozenset(found.gids),
        dict(zip(groups, found.groups, strict=True)),
        tuple(user_from(other, groups) for other in found.others),
    )
