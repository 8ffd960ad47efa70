"""Whether the names in the configuration mean somebody."""

from collections.abc import Iterator

from rw2fa_daemon.config.config import RESOLVED_MAX
from rw2fa_daemon.core.user import GROUP_MARK, Missing, User, UserList
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject


def check_scope(subject: Subject) -> Iterator[Finding]:
    """Users and groups of the scope, the whitelist and the exemptions."""
    config = subject.config
    lists = (
        ("scope", config.scope, "`rw2fa users remove {}`"),
        ("whitelist", config.whitelist, "`rw2fa whitelist remove {}`"),
        ("list of exempt users", config.exempt_users, "`rw2fa settings get exempt.users` and correct it"),
    )
    for name, roster, remedy in lists:
        yield from _users(subject, name, roster, remedy)
        yield from _groups(subject, name, roster, remedy)


def _users(subject: Subject, name: str, roster: UserList, remedy: str) -> Iterator[Finding]:
    users = sorted(roster.users)
    many = len(users) > RESOLVED_MAX
    for user, answer in zip(users, subject.lookups(users), strict=True):
        if many and isinstance(answer, User) and answer.name != user:
            yield Finding(
                "names",
                ok=False,
                detail=f"{user} is on the {name}, and the directory calls that user {answer.name}: among more than "
                f"{RESOLVED_MAX:,} names that is not noticed when the configuration is read",
                fix=f"write {answer.name} in its place",
            )
        elif answer is Missing.UNKNOWN:
            yield Finding(
                "names",
                ok=False,
                detail=f"{user} is on the {name}, and no user is called so",
                fix=f"run {remedy.format(user)}, or see why the directory does not know the name",
            )
        elif answer is Missing.UNAVAILABLE:
            yield _unavailable()
            return


def _groups(subject: Subject, name: str, roster: UserList, remedy: str) -> Iterator[Finding]:
    for group in roster.groups:
        if subject.members(group) is None:
            yield Finding(
                "names",
                ok=False,
                detail=f"the group {group} is on the {name}, and it cannot be resolved: while that lasts, only people "
                "who were seen to be outside the scope before get in without a code, and others are refused",
                fix=f"run {remedy.format(GROUP_MARK + group)}, or see why the directory does not know the group",
            )


def _unavailable() -> Finding:
    return Finding(
        "names",
        ok=False,
        detail="the directory does not answer: everybody whom only it knows is refused",
        fix="see why `getent passwd` fails",
    )
