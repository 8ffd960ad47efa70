"""What is known about one user, put together for `users list` and `users show`."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Final

from rw2fa_daemon.cli.printing import iso, when
from rw2fa_daemon.config.rules import Rules
from rw2fa_daemon.core.account import Account, Bypass, Method
from rw2fa_daemon.core.account_state import enrolment_end, lock_of, method_in_force, must_enrol
from rw2fa_daemon.core.budget import allowance, spent
from rw2fa_daemon.core.enrolment import lacks_token
from rw2fa_daemon.core.lock_status import LockStatus
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.phone import masked
from rw2fa_daemon.core.prompts import minutes
from rw2fa_daemon.core.user import Membership, Missing, User

ON_TIME_SECONDS: Final = 30
"""A code typed just before the app showed the next one is late by this much."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """How much of the guess budget is spent, and how much there is, for each kind of guess."""

    wide_spent: int
    wide_allowed: int
    narrow_spent: int
    narrow_allowed: int


@dataclass(frozen=True, slots=True)
class Profile:
    """One user at one moment.

    `method` is the one that was chosen; `method_in_force` is the one by which codes come now, with SMS on or off, and
    the one that `activated` refers to. `phone` is masked. `enabled` is None while the directory cannot tell. Times are
    UTC seconds. `lock` says why codes are refused unchecked. `drift` is by how many seconds the device was ahead when a
    code was last accepted (None before the first). `bypass` is one in force now. `token_pending`: the next enrolment
    takes a token; `token_missing`: it would, but none was made. `enrolment_until` is when the enrolment window closes,
    None if the user cannot enrol at a login. `trouble` says why the user's codes cannot be checked; empty if nothing
    is wrong.
    """

    user: str
    uid: int | None
    enabled: bool | None
    enabled_by: tuple[str, ...]
    activated: bool
    pending: bool
    method: Method
    method_in_force: Method
    phone: str | None
    failures: int
    lock: LockStatus | None
    recovery_codes_left: int
    drift: int | None
    guesses: Guesses
    bypass: Bypass | None
    token_pending: bool
    token_missing: bool
    enrolment_until: int | None
    whitelisted_by: tuple[str, ...]
    exempt_by: tuple[str, ...]
    trouble: str

    @property
    def as_json(self) -> dict[str, object]:
        """As JSON, with the keys that programs read."""
        return {
            "user": self.user,
            "uid": self.uid,
            "enabled": self.enabled,
            "enabled_by": list(self.enabled_by),
            "activated": self.activated,
            "pending": self.pending,
            "method": self.method.value,
            "method_in_force": self.method_in_force.value,
            "phone": self.phone,
            "locked": self.lock is not None,
            "locked_until": iso(self.lock.until) if self.lock else None,
            "locked_by": self.lock.why.value if self.lock else None,
            "failures": self.failures,
            "recovery_codes_left": self.recovery_codes_left,
            "drift_seconds": self.drift,
            "drift": None if self.drift is None else drift_sentence(self.drift),
            "guesses": asdict(self.guesses),
            "bypass": {"until": iso(self.bypass.until), "once": self.bypass.once} if self.bypass else None,
            "token_pending": self.token_pending,
            "token_missing": self.token_missing,
            "enrolment_until": iso(self.enrolment_until),
            "whitelisted_by": list(self.whitelisted_by),
            "exempt_by": list(self.exempt_by),
            "trouble": self.trouble or None,
        }


def profile(
    name: str,
    user: User | Missing,
    account: Account | None,
    *,
    rules: Rules,
    came_in: Callable[[Iterable[str]], int],
    now: float,
    trouble: str = "",
) -> Profile:
    """The profile of a user.

    `came_in` gives the time when the latest of some scope entries was added; `trouble` is what is known to be wrong.
    """
    known = user if isinstance(user, User) else None
    lists = rules.lists
    by_name = (name,) if name in lists.scope.users else ()
    enabled_by = lists.scope.matches(known) if known else by_name
    counters = account.counters if account else None
    settings = rules.settings
    method = method_in_force(account, settings)
    enrols = must_enrol(account, settings)
    end = enrolment_end(account, settings, lambda: came_in(enabled_by)) if enrols and enabled_by else None
    bypass = account.bypass if account else None
    return Profile(
        user=known.name if known else name,
        uid=known.uid if known else None,
        enabled=_enabled(rules, user, by_name),
        enabled_by=enabled_by,
        activated=account is not None and account.activated_by(method),
        pending=account is not None and account.credential is not None and enrols,
        method=account.method if account else Method.APP,
        method_in_force=method,
        phone=masked(account.phone.reveal().decode()) if account and account.phone else None,
        failures=counters.failures if counters else 0,
        lock=lock_of(account, settings, now) if account else None,
        recovery_codes_left=len(account.recovery) if account else 0,
        drift=_drift(account),
        guesses=_guesses(account, method, settings, now),
        bypass=bypass if bypass and now < bypass.until else None,
        token_pending=account is not None and account.token is not None,
        token_missing=enrols and lacks_token(account, token_needed=settings.token_needed),
        enrolment_until=end if end is not None and now < end else None,
        whitelisted_by=lists.whitelist.matches(known) if known else (),
        exempt_by=lists.exempt_users.matches(known) if known else (),
        trouble=trouble or _trouble(user, account),
    )


def drift_sentence(seconds: int) -> str:
    """What a drift (in seconds, positive: ahead) says about a phone."""
    if abs(seconds) <= ON_TIME_SECONDS:
        return "the phone is on time"
    return f"the phone is about {minutes(seconds)} {'fast' if seconds > 0 else 'slow'}"


def lock_sentence(lock: LockStatus, user: str) -> str:
    """Why a user is locked, and until when."""
    until = f"until {when(lock.until)}" if lock.until is not None else f"until unlocked with: rw2fa users unlock {user}"
    return f"locked {until} ({lock.why.value})"


def bypass_sentence(bypass: Bypass) -> str:
    """What a bypass lets a user do."""
    return f"signs in without a code {'once, ' if bypass.once else ''}until {when(bypass.until)}"


def _drift(account: Account | None) -> int | None:
    if account is None or account.credential is None or not account.credential.active:
        return None
    return account.counters.drift * account.credential.period


def _guesses(account: Account | None, method: Method, settings: LoginSettings, now: float) -> Guesses:
    of_app = account.credential if account and method is Method.APP else None
    allowed = allowance(of_app.digits if of_app else settings.digits, settings.guessing)
    wide, narrow = spent(account.counters, now) if account else (0, 0)
    # A code sent by SMS is compared with one code, not with a window.
    return Guesses(wide, allowed.wide if method is Method.APP else 0, narrow, allowed.narrow)


def _enabled(rules: Rules, user: User | Missing, by_name: tuple[str, ...]) -> bool | None:
    if isinstance(user, User):
        membership = rules.lists.scope.membership(user)
        return None if membership is Membership.UNSURE else membership is Membership.MEMBER
    if by_name:
        return True
    return None if user is Missing.UNAVAILABLE else False


def _trouble(user: User | Missing, account: Account | None) -> str:
    if user is Missing.UNKNOWN:
        return "the directory knows no such user"
    if not isinstance(user, User):
        return "the directory does not answer"
    if account is not None and account.uid != user.uid:
        return f"the uid was {account.uid} and is now {user.uid}; if it is the same user, run: rw2fa users reset"
    return ""
