"""What sshd requires of enabled users, according to `sshd -T -C`."""

from collections.abc import Iterator, Sequence
from typing import Final

from rw2fa_daemon.core.user import User
from rw2fa_daemon.doctor.finding import Finding
from rw2fa_daemon.doctor.subject import Subject
from rw2fa_daemon.pamstack.host import service_path
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN
from rw2fa_daemon.pamstack.sshd.people import scope_once_on

_SERVICE: Final = "sshd"
_NAME: Final = "sshd"
#: Users that sshd is asked about; each takes some 30 ms.
SAMPLE_MAX: Final = 24
#: A user that no setting singles out, for what applies to all.
_ANYBODY: Final = "nobody"
_REFRESH: Final = "run `rw2fa pam install sshd`"
_PRIVSEP: Final = "/run/sshd"
_OUR_METHOD: Final = "keyboard-interactive"


def check_sshd(subject: Subject) -> Iterator[Finding]:
    """The settings without which no user can be asked, then the methods for enabled users."""
    if subject.services and _SERVICE not in subject.services:
        return
    general = subject.sshd(_ANYBODY) if service_path(subject.root, _SERVICE) is not None else None
    if general is None:
        return
    if isinstance(general, str) and not subject.path(_PRIVSEP).exists():
        # If this process may not write to /run it cannot create it; sshd's unit does when sshd is first started.
        yield Finding(_NAME, ok=True, detail=f"sshd could not be asked: {general}", fix="start sshd once")
        return
    if isinstance(general, str):
        yield _wrong(
            f"sshd cannot read its configuration: {general}", "run `sshd -t` and correct the line that it names"
        )
        return
    if general.get("usepam") != "yes":
        yield _wrong("sshd does not use PAM: nobody is asked for a code", "set `UsePAM yes` in sshd_config")
    if subject.config.enabled_at(subject.now):
        yield from _enabled_users(subject)
    else:
        yield from _leftover(subject)


def _enabled_users(subject: Subject) -> Iterator[Finding]:
    people, complete = subject.enabled_users
    chosen = [*sample(people), *aliases(subject)]
    for user in chosen:
        settings = subject.sshd(user.name)
        if isinstance(settings, dict):
            yield from _methods(user, settings)
        else:
            yield _wrong(
                f"sshd cannot read its configuration for {user.name}: {settings}",
                "run `sshd -t` and correct the line that it names",
            )
    if chosen:
        found = str(len({user.name for user in (*people, *chosen)})) if complete else f"more than {len(people)}"
        names = ", ".join(user.name for user in chosen)
        yield Finding(_NAME, ok=True, detail=f"sshd was asked about {len(chosen)} of {found} enabled users: {names}")


def aliases(subject: Subject) -> list[User]:
    """Users who are asked for a code because of another name of their uid; the scope does not name them."""
    exempt = subject.config.exempt_users
    names = sorted(scope_once_on(subject.config, root=subject.root, lookup=subject.lookup).aliases)[:SAMPLE_MAX]
    users = [user for name in names if isinstance(user := subject.lookup(name, exempt.groups), User)]
    return [user for user in users if not exempt.matches(user)]


def _leftover(subject: Subject) -> Iterator[Finding]:
    """What remains of a trial whose timer was lost in a reboot, or that had none for lack of systemd."""
    dropin = subject.path(DROPIN)
    if dropin.exists() and "AuthenticationMethods" in dropin.read_text("utf-8", "replace"):
        yield Finding(
            _NAME,
            ok=False,
            detail="a trial is over, but sshd still sends users through keyboard-interactive after a key, where they "
            "are asked for their password: users who have only a key are locked out",
            fix="run `rw2fa pam install sshd`",
        )


def sample(people: Sequence[User]) -> list[User]:
    """One user for each set of groups, as sshd distinguishes users by groups; then others, up to the limit."""
    by_groups: dict[frozenset[int], User] = {}
    for user in people:
        by_groups.setdefault(user.gids, user)
    first = list(by_groups.values())[:SAMPLE_MAX]
    rest = [user for user in people if user not in first]
    return first + rest[: SAMPLE_MAX - len(first)]


def _methods(user: User, settings: dict[str, str]) -> Iterator[Finding]:
    if settings.get("kbdinteractiveauthentication") != "yes":
        yield _wrong(
            f"sshd does not let {user.name} use keyboard-interactive, through which the code is asked for",
            f"{_REFRESH}, and remove any `KbdInteractiveAuthentication no` that sshd reads before the drop-in",
        )
        return
    ways = settings.get("authenticationmethods", "any").split()
    if ways == ["any"]:
        if settings.get("pubkeyauthentication") != "no":
            yield _wrong(
                f"sshd accepts a key alone from {user.name}, whom the account phase then refuses: no login with a key",
                _REFRESH,
            )
        return
    usable = [way for way in ways if any(step.partition(":")[0] == _OUR_METHOD for step in way.split(","))]
    if not usable:
        yield _wrong(
            f"sshd requires {' or '.join(ways)} of {user.name}, without keyboard-interactive: no login is possible",
            f"add `publickey,keyboard-interactive:pam` to AuthenticationMethods, or remove that line and {_REFRESH}",
        )


def _wrong(detail: str, fix: str) -> Finding:
    return Finding(_NAME, ok=False, detail=detail, fix=fix)
