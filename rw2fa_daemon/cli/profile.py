"""What is known about one person, put together for `users list`, `users show` and whoever else asks."""

from collections.abc import Mapping
from dataclasses import dataclass

from rw2fa_daemon.cli.printing import iso
from rw2fa_daemon.core import lockout
from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.enrolment import exhausted, window_end
from rw2fa_daemon.core.person import Membership, Missing, Person
from rw2fa_daemon.service.rules import Rules

MASK = "…"
PHONE_SHOWN = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """One person at one moment.

    `enabled` is None while the directory cannot tell. Times are UTC seconds. `enrolment_until` is
    when the enrolment window closes, None where nobody can enrol at a login. `trouble` says why
    this person cannot be judged, empty where nothing is wrong.
    """

    user: str
    uid: int | None
    enabled: bool | None
    enabled_by: tuple[str, ...]
    activated: bool
    pending: bool
    method: Method
    phone: str | None
    failures: int
    locked_until: int | None
    enrolment_until: int | None
    whitelisted_by: tuple[str, ...]
    exempt_by: tuple[str, ...]
    trouble: str

    @property
    def as_json(self) -> dict[str, object]:
        """The keys that programs read."""
        return {
            "user": self.user,
            "uid": self.uid,
            "enabled": self.enabled,
            "enabled_by": list(self.enabled_by),
            "activated": self.activated,
            "pending": self.pending,
            "method": self.method.value,
            "phone": self.phone,
            "locked": self.locked_until is not None,
            "locked_until": iso(self.locked_until),
            "failures": self.failures,
            "recovery_codes_left": 0,
            "enrolment_until": iso(self.enrolment_until),
            "whitelisted_by": list(self.whitelisted_by),
            "exempt_by": list(self.exempt_by),
            "trouble": self.trouble or None,
        }


def profile(
    name: str,
    person: Person | Missing,
    account: Account | None,
    *,
    rules: Rules,
    since: Mapping[str, int],
    now: float,
    trouble: str = "",
) -> Profile:
    """The profile of somebody; `since` is when each entry of the scope came in, `trouble` what is known to be wrong."""
    known = person if isinstance(person, Person) else None
    lists = rules.lists
    by_name = (name,) if name in lists.scope.users else ()
    enabled_by = lists.scope.matches(known) if known else by_name
    counters = account.counters if account else None
    locked = counters is not None and lockout.locked(counters, now)
    end = window_end(
        account,
        scope_since=max((since.get(entry, 0) for entry in enabled_by), default=0),
        window_days=rules.config.enrolment_window_days,
    )
    activated = account is not None and account.activated
    may_enrol = bool(enabled_by) and not activated and now < end and not (counters and exhausted(counters))
    return Profile(
        user=known.name if known else name,
        uid=known.uid if known else None,
        enabled=_enabled(rules, person, by_name),
        enabled_by=enabled_by,
        activated=activated,
        pending=account is not None and account.credential is not None and not activated,
        method=account.method if account else Method.APP,
        phone=masked(account),
        failures=counters.failures if counters else 0,
        locked_until=counters.locked_until if counters and locked else None,
        enrolment_until=end if may_enrol else None,
        whitelisted_by=lists.whitelist.matches(known) if known else (),
        exempt_by=lists.exempt_users.matches(known) if known else (),
        trouble=trouble or _trouble(person, account),
    )


def masked(account: Account | None) -> str | None:
    """A phone number of which the last digits show; None where there is none."""
    if account is None or account.phone is None:
        return None
    return MASK + account.phone.reveal().decode()[-PHONE_SHOWN:]


def _enabled(rules: Rules, person: Person | Missing, by_name: tuple[str, ...]) -> bool | None:
    if isinstance(person, Person):
        membership = rules.lists.scope.membership(person)
        return None if membership is Membership.UNSURE else membership is Membership.MEMBER
    if by_name:
        return True
    return None if person is Missing.UNAVAILABLE else False


def _trouble(person: Person | Missing, account: Account | None) -> str:
    if person is Missing.UNKNOWN:
        return "the directory knows no such user"
    if not isinstance(person, Person):
        return "the directory does not answer"
    if account is not None and account.uid != person.uid:
        return f"the uid was {account.uid} and is {person.uid}; if it is the same person, run: rw2fa users reset"
    return ""
