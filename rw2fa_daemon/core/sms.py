"""What logins by SMS are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from rw2fa_daemon.core.quota import DAY_SECONDS, HOUR_SECONDS, Limit, Quota
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret


@dataclass(frozen=True, slots=True)
class SmsRules:
    """The settings: how long a code counts, what the message says, where it may go, how many there may be.

    `allowed` are beginnings of E.164 numbers. `per_user`, `per_number` and `per_host` are a day's,
    `per_source` an hour's.
    """

    valid_seconds: int
    message: str
    allowed: tuple[str, ...]
    per_user: int
    per_number: int
    per_source: int
    per_host: int

    def quotas(self, name: str, number: Secret, source: str) -> tuple[Quota, ...]:
        """The quotas that a message to this user counts against. `source` is an address, empty if unknown."""
        by_source = (Quota(Limit.SOURCE, Secret(source.encode()), self.per_source, HOUR_SECONDS),) if source else ()
        return (
            Quota(Limit.USER, Secret(name.encode("utf-8", "surrogateescape")), self.per_user, DAY_SECONDS),
            Quota(Limit.NUMBER, number, self.per_number, DAY_SECONDS),
            *by_source,
            Quota(Limit.HOST, Secret(b""), self.per_host, DAY_SECONDS),
        )


@dataclass(frozen=True, slots=True)
class SmsRandomness:
    """What the world adds: chance, and the key that digests are made under."""

    code: Callable[[int], Secret]
    """A random code of so many digits, in ASCII."""
    login: Callable[[], bytes]
    """A random name for a login."""
    digest: Callable[[int, bytes, Secret], bytes]
    """The keyed digest of a code, bound to the account's generation and the login's name."""


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """A message to be sent, once what it counts against allows it."""

    to: Secret
    """E.164."""
    body: Secret
    quotas: tuple[Quota, ...]


class DeliveryState(Enum):
    """How the latest message of a login fares."""

    NONE = "none"
    """There has been none yet."""
    UNDER_WAY = "under way"
    SENT = "sent"
    UNKNOWN = "unknown"
    """It may have been sent."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The state of a message; if it failed, a sentence for the user, and whether trying `again` may help."""

    state: DeliveryState = DeliveryState.NONE
    user: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class SmsAttempt:
    """The latest message of a login, and its number."""

    number: int = 0
    report: DeliveryReport = DeliveryReport()


NO_ATTEMPT: Final = SmsAttempt()


@dataclass(frozen=True, slots=True)
class SmsError:
    """Why no message can be sent: the rule, a sentence for the user, and one for the audit."""

    rule: Rule
    user: str
    reason: str
    limit: bool = False
    """Whether it is a limit of ours."""
    again: bool = False
    """Whether it may pass in a moment."""
