"""What a look-up found, as the rest of the program knows it."""

from rw2fa_daemon.core.person import Person
from rw2fa_daemon.directory.found import Found


def person_from(found: Found, groups: tuple[str, ...]) -> Person:
    """The person that was found when `groups` were asked about."""
    return Person(
        found.name,
        found.uid,
        frozenset(found.gids),
        dict(zip(groups, found.groups, strict=True)),
        tuple(person_from(other, groups) for other in found.others),
    )
