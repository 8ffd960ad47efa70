"""What the state holds about one user, as frozen values."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from rw2fa_daemon.core.secret import Secret

GENERATION_BITS: Final = 62
"""Random bits that tell an account from an older one of the same name."""


class Method(StrEnum):
    """How a user gets one-time passwords."""

    APP = "app"
    SMS = "sms"


class Algorithm(StrEnum):
    """The hash under the HMAC, by the names that otpauth URIs use."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


@dataclass(frozen=True, slots=True)
class Credential:
    """A TOTP secret with the parameters it was handed out under (RFC 6238 §4).

    `digits`, `period` (seconds) and `algorithm` are kept here rather than read from the
    settings, so that a changed setting breaks nobody who is enrolled. A credential that is not
    `active` is pending: its QR code was shown and no code of it was confirmed yet.
    """

    secret: Secret
    active: bool
    digits: int = 6
    period: int = 30
    algorithm: Algorithm = Algorithm.SHA1
    created_at: int = 0
    """UTC seconds."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What changes from login to login.

    `used` holds spent time steps in ascending order, accepted ones and burned ones; `last` is the
    last step that was accepted; `floor` the step up to which (inclusive) no code counts any more;
    `failures` the consecutive wrong codes; `locked_until` UTC seconds; `enrol_failures` the wrong
    first codes since the enrolment window opened; `drift` how many steps the device was off when a
    code was last accepted. `wide_guesses` and `narrow_guesses` are what was spent of the guess
    budget, the latest of each at `wide_at` and `narrow_at` (UTC seconds). `sessions` is where
    codes were accepted of late, as `core.sessions` writes it.
    """

    used: tuple[int, ...] = ()
    last: int = 0
    floor: int = 0
    failures: int = 0
    locked_until: int = 0
    enrol_failures: int = 0
    drift: int = 0
    wide_guesses: int = 0
    wide_at: int = 0
    narrow_guesses: int = 0
    narrow_at: int = 0
    sessions: str = ""


@dataclass(frozen=True, slots=True)
class SmsCode:
    """The code of the last SMS, as a keyed digest bound to account and login.

    `login` is the random name of the login that asked for it: no other accepts it. `sent_at` and
    `until` are UTC seconds; from `until` on it does not count.
    """

    digest: bytes
    login: bytes
    sent_at: int
    until: int


@dataclass(frozen=True, slots=True)
class Bypass:
    """Leave to sign in without a code, given by an administrator: until when (UTC seconds), and whether once."""

    until: int
    once: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """One user, by the canonical name and uid that NSS gave (promise 13).

    `generation` is a random number that every record of this enrolment is bound to; a reset
    draws another, which makes older records useless. `enrol_opened_at` (UTC seconds) is when an
    administrator last opened the enrolment window for this user, 0 if only the scope did.
    """

    name: str
    uid: int
    generation: int
    method: Method = Method.APP
    phone: Secret | None = None
    """E.164, as UTF-8."""
    enrol_opened_at: int = 0
    credential: Credential | None = None
    counters: Counters = field(default_factory=Counters)
    recovery: tuple[bytes, ...] = ()
    """Digests of the recovery codes that are left, in the order in which they were printed."""
    token: bytes | None = None
    """Digest of the enrolment token that the next enrolment asks for; None if it asks for none."""
    bypass: Bypass | None = None
    phone_confirmed: bool = False
    """Whether a code that was sent to `phone` came back."""
    sms_code: SmsCode | None = None
    """The one that is outstanding."""

    @property
    def activated(self) -> bool:
        """Whether the user has confirmed a code by the method that was chosen."""
        return self.activated_by(self.method)

    def activated_by(self, method: Method) -> bool:
        """Whether codes by this method can be asked for without setting anything up first."""
        if method is Method.SMS:
            return self.phone_confirmed
        return self.credential is not None and self.credential.active

    def method_in_force(self, *, sms_enabled: bool) -> Method:
        """How this user gets codes: by SMS only while the host has that enabled."""
        return self.method if sms_enabled and self.phone is not None else Method.APP

    def by_sms(self, phone: Secret) -> "Account":
        """This account with codes by SMS to `phone` (E.164); another number has to be confirmed first.

        What belongs to an app stays, for the way back.
        """
        if self.phone == phone:
            return replace(self, method=Method.SMS)
        return replace(self, method=Method.SMS, phone=phone, phone_confirmed=False, sms_code=None)

    def by_app(self) -> "Account":
        """This account with codes from an app, its number forgotten: the way back takes one anyway."""
        return replace(self, method=Method.APP, phone=None, phone_confirmed=False, sms_code=None)

    def reset(self, *, generation: int, now: int, token: bytes | None = None) -> "Account":
        """This account with nothing enrolled, bound to `generation`, its window opened at `now`.

        What belongs to the old secret goes with it: used steps, recovery codes, the session. A phone
        number stays, and has to be confirmed anew. With `token` the next enrolment asks for the token
        that has this digest.
        """
        return replace(
            self,
            generation=generation,
            credential=None,
            enrol_opened_at=now,
            counters=Counters(),
            recovery=(),
            token=token,
            bypass=None,
            phone_confirmed=False,
            sms_code=None,
        )

    def unlocked(self) -> "Account":
        """This account with its lock, its consecutive failures and its spent guesses cleared."""
        counters = replace(
            self.counters,
            failures=0,
            locked_until=0,
            enrol_failures=0,
            wide_guesses=0,
            wide_at=0,
            narrow_guesses=0,
            narrow_at=0,
        )
        return replace(self, counters=counters)
