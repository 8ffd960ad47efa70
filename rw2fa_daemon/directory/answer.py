"""What a look-up found, as the rest of the program knows it."""

from rw2fa_daemon.core.user import User
from rw2fa_daemon.directory.found import Found


def user_from(found: Found, groups: tuple[str, ...]) -> User:
    """The person that was found when `groups` were asked about."""
    return User(
        found.name,
        found.uid,
        frozenset(found.gids),
        dict(zip(groups, found.groups, strict=True)),
        tuple(user_from(other, groups) for other in found.others),
    )
