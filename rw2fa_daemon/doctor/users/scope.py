"""Whether the names in the configuration exist."""

from collections.abc import Iterator

from rw2fa_daemon.config.config import RESOLVED_MAX
from rw2fa_daemon.core.user import GROUP_MARK, Missing, User, UserList
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject


def check_scope(subject: Subject) -> Iterator[Finding]:
    """Users and groups of the scope, the whitelist and the exemptions."""
    config = subject.config
    lists = (
        ("in the scope", config.scope, "`rw2fa users remove {}`"),
        ("on the whitelist", config.whitelist, "`rw2fa whitelist remove {}`"),
        (
            "on the list of exempt users",
            config.exempt_users,
            "`rw2fa settings set exempt.users LIST` without that name",
        ),
    )
    for place, roster, remedy in lists:
        yield from _users(subject, place, roster, remedy)
        yield from _groups(subject, place, roster, remedy)


def _users(subject: Subject, place: str, roster: UserList, remedy: str) -> Iterator[Finding]:
    users = sorted(roster.users)
    many = len(users) > RESOLVED_MAX
    for user, answer in zip(users, subject.lookups(users), strict=True):
        if many and isinstance(answer, User) and answer.name != user:
            yield Finding(
                "names",
                ok=False,
                detail=f"{user} is {place}, but the directory calls that user {answer.name}: with more than "
                f"{RESOLVED_MAX:,} names, other spellings are not resolved when the configuration is read",
                fix=f"write {answer.name} instead",
            )
        elif answer is Missing.UNKNOWN:
            yield Finding(
                "names",
                ok=False,
                detail=f"{user} is {place}, but there is no such user",
                fix=f"run {remedy.format(user)}, or find out with `getent passwd {user}` why the directory does not "
                "know the name",
            )
        elif answer is Missing.UNAVAILABLE:
            yield _unavailable()
            return


def _groups(subject: Subject, place: str, roster: UserList, remedy: str) -> Iterator[Finding]:
    for group in roster.groups:
        if subject.members(group) is None:
            yield Finding(
                "names",
                ok=False,
                detail=f"the group {group} is {place}, but cannot be resolved: while that lasts, only users "
                "whose last complete look-up found them outside the scope can log in, and others are refused",
                fix=f"run {remedy.format(GROUP_MARK + group)}, or find out with `getent group {group}` why the "
                "directory does not know the group",
            )


def _unavailable() -> Finding:
    return Finding(
        "names",
        ok=False,
        detail="the directory does not answer: users whom only it knows are refused",
        fix="run `getent passwd NAME` for one of them, and correct what makes it fail (nsswitch.conf, sssd, network)",
    )
