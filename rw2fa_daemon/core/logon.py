"""Logons at the web portal: until when sessions may be opened, and one RDP login let in by a pass (decision 31).

All times are UTC seconds; hosts that share a state do not agree on them to the second.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from rw2fa_daemon.core.rule import Rule

LOGON_SECONDS: Final = 24 * 60 * 60
"""How long a logon lasts from its latest code, if sessions may not be opened for longer (NIST SP 800-63B-4 §2.2.3)."""

LOGONS_MAX: Final = 16
"""Of one user; with another the oldest ends."""

PAST_MAX: Final = 10
"""Logons that have ended, of one user: what the page of that user shows."""

PAST_SECONDS: Final = 30 * 24 * 60 * 60
"""How long those are kept, as long as there is room."""

CLOCKS_APART_SECONDS: Final = 60
"""How far in the future, by this host's clock, something may have happened on another host."""

ATTEMPTS_MAX: Final = 3
"""RDP logins without an address that one pass stands: the right one, and a typing error or two; another cancels it."""

KNOCK_SECONDS: Final = 60
"""How long no pass is armed after an RDP login was refused, where logins have no address to be told apart by."""

IDENTIFIER_BYTES: Final = 32


class PassStatus(StrEnum):
    """What became of a pass."""

    NONE = "none"
    ARMED = "armed"
    USED = "used"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PassFound(StrEnum):
    """What there is for an RDP login."""

    UNREAD = "unread"
    NONE = "none"
    LIVE = "live"
    RECONNECT = "reconnect"
    """A session from the same address lives, which a pass let in."""
    TO_USE = "to use"
    """Auth found a pass, or such a session; account has to look again."""
    USED = "used"
    CONTINUED = "continued"
    """The session still lives."""
    GONE = "gone"


class Ended(StrEnum):
    """How a logon ended."""

    SIGNED_OUT = "signed-out"
    EXPIRED = "expired"
    REVOKED = "revoked"
    """By a reset, a removal, a lock or an administrator."""
    REPLACED = "replaced"
    """By a newer one, since there were too many."""


class Opens(StrEnum):
    """Whether another session may be opened."""

    YES = "yes"
    CODE = "code"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class LogonSettings:
    """How long codes and passes count, seconds each; and whether a pass lets in who comes from nobody knows where."""

    before_first: int
    after_first: int
    pass_seconds: int
    without_address: bool


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave for one RDP login, until `until`; from `address` where logins have one. `attempts` are those without."""

    armed_at: int
    until: int
    address: str
    status: PassStatus = PassStatus.ARMED
    attempts: int = 0

    def status_at(self, now: float) -> PassStatus:
        """What became of it by then."""
        return PassStatus.EXPIRED if self.status is PassStatus.ARMED and not self.live(now) else self.status

    def live(self, now: float) -> bool:
        """Whether it may let its user in."""
        in_time = self.armed_at - CLOCKS_APART_SECONDS <= now < self.until
        return self.status is PassStatus.ARMED and in_time


@dataclass(frozen=True, slots=True)
class Logon:
    """One logon; `user` and `uid` are whose sessions it opens.

    `code_at` is when its latest code was judged, None for who was not asked; `generation` that of the account whose
    code it was, 0 likewise. `first_session_at` is when the first session with that code was opened; `sessions` counts
    all.
    """

    digest: bytes
    user: str
    uid: int
    generation: int
    address: str
    host: str
    began_at: int
    code_at: int | None
    first_session_at: int | None = None
    sessions: int = 0
    rdp_pass: Pass | None = None

    @property
    def asked(self) -> bool:
        """Whether a code was asked for."""
        return self.code_at is not None

    def sessions_until(self, settings: LogonSettings) -> int | None:
        """Until when another session may be opened with the code; None where none is asked for."""
        if self.code_at is None:
            return None
        if self.first_session_at is None:
            return self.code_at + settings.before_first
        return self.first_session_at + settings.after_first

    def until(self, settings: LogonSettings) -> int:
        """How long it lasts."""
        latest = self.began_at if self.code_at is None else self.code_at
        return max(latest + LOGON_SECONDS, self.sessions_until(settings) or latest)

    def pass_status(self, now: float) -> PassStatus:
        """What became of its latest pass."""
        return PassStatus.NONE if self.rdp_pass is None else self.rdp_pass.status_at(now)


@dataclass(frozen=True, slots=True)
class PastLogon:
    """A logon that has ended, for its user to see: when and where it began, when and how it ended."""

    began_at: int
    address: str
    ended_at: int
    how: Ended


@dataclass(frozen=True, slots=True)
class Logons:
    """All of one user, in the order in which they began.

    `knocked_at` is when an RDP login without an address was last refused, 0 for never. `past` are the latest of those
    that have ended, in the order in which they did.
    """

    logons: tuple[Logon, ...] = ()
    knocked_at: int = 0
    past: tuple[PastLogon, ...] = ()

    def until(self, settings: LogonSettings) -> int:
        """From when on there is nothing left to remember."""
        knocked = self.knocked_at + KNOCK_SECONDS if self.knocked_at else 0
        return max((knocked, *(logon.until(settings) for logon in self.logons), *(one.ended_at for one in self.past)))

    def find(self, identifier: str) -> Logon | None:
        """The one of this identifier."""
        digest = digest_of(identifier)
        return next((logon for logon in self.logons if hmac.compare_digest(logon.digest, digest)), None)

    def but(self, ended: Callable[[Logon], bool]) -> "Logons":
        """Those that have not ended."""
        kept = tuple(logon for logon in self.logons if not ended(logon))
        return self if kept == self.logons else replace(self, logons=kept)

    def merged(self, some: "Logons") -> "Logons":
        """These after something happened to some of them."""
        changed = {logon.digest: logon for logon in some.logons}
        left = tuple(changed.get(logon.digest, logon) for logon in self.logons)
        return replace(self, logons=left, knocked_at=some.knocked_at)

    def add(self, logon: Logon, now: float) -> "Logons":
        """These and another; of too many the oldest end."""
        oldest = self.logons[: max(0, len(self.logons) - LOGONS_MAX + 1)]
        room = self.ending(oldest, Ended.REPLACED, now) if oldest else self
        return replace(room, logons=(*room.logons, logon))

    def put(self, logon: Logon) -> "Logons":
        """These with one in the place of what it was."""
        return replace(self, logons=tuple(logon if one.digest == logon.digest else one for one in self.logons))

    def ending(self, some: Sequence[Logon], how: Ended, now: float) -> "Logons":
        """These once some of them have ended."""
        digests = {logon.digest for logon in some}
        ended = (PastLogon(logon.began_at, logon.address, int(now), how) for logon in some)
        recent = tuple(one for one in self.past if now < one.ended_at + PAST_SECONDS)
        left = tuple(one for one in self.logons if one.digest not in digests)
        return replace(self, logons=left, past=(*recent, *ended)[-PAST_MAX:])


def digest_of(identifier: str) -> bytes:
    """What is kept in the place of an identifier: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(b"rw2fa logon 1 " + identifier.encode("utf-8", "surrogateescape")).digest()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a logon has to agree with: the uid that its user has now, and whether a code is asked for.

    Where one is, also the generation of the account, None if there is none, and whether that is locked.
    """

    uid: int
    asked: bool
    generation: int | None
    locked: bool

    def fits(self, logon: Logon) -> bool:
        """Whether user, account and scope are what they were."""
        if logon.uid != self.uid or logon.asked != self.asked:
            return False
        return not logon.asked or (not self.locked and logon.generation == self.generation)

    def ended(self, logon: Logon, settings: LogonSettings, now: float) -> bool:
        """Whether a logon has ended; one from the future, by this host's clock, counts no more than that."""
        return not self.fits(logon) or opens(logon, settings, now) is Opens.OVER

    def void(self, logon: Logon, settings: LogonSettings, now: float) -> bool:
        """Whether it has ended for good."""
        return not self.fits(logon) or now >= logon.until(settings)

    def settled(self, logons: Logons, settings: LogonSettings, now: float) -> Logons:
        """The logons without those that have ended for good, which are past."""
        void = [logon for logon in logons.logons if self.void(logon, settings, now)]
        for logon in void:
            how, at = (Ended.EXPIRED, logon.until(settings)) if self.fits(logon) else (Ended.REVOKED, now)
            logons = logons.ending([logon], how, at)
        return logons


def opens(logon: Logon, settings: LogonSettings, now: float) -> Opens:
    """Whether another session may be opened at `now`."""
    if not logon.began_at - CLOCKS_APART_SECONDS <= now < logon.until(settings):
        return Opens.OVER
    until = logon.sessions_until(settings)
    if logon.code_at is None or until is None:
        return Opens.YES
    since = logon.code_at if logon.first_session_at is None else logon.first_session_at
    return Opens.YES if since - CLOCKS_APART_SECONDS <= now < until else Opens.CODE


def with_session(logon: Logon, now: float) -> Logon:
    """The logon once a session was opened."""
    first = int(now) if logon.first_session_at is None else logon.first_session_at
    return replace(logon, first_session_at=first, sessions=logon.sessions + 1)


def with_code(logon: Logon, code_at: int) -> Logon:
    """The logon with another code."""
    return replace(logon, code_at=code_at, first_session_at=None)


def with_pass(logon: Logon, address: str, settings: LogonSettings, now: float) -> Logon:
    """The logon with a pass, in the place of the one before, for an address as `address.same_host` writes it."""
    return replace(logon, rdp_pass=Pass(int(now), int(now) + settings.pass_seconds, address))


def may_arm(logons: Logons, settings: LogonSettings, now: float) -> bool:
    """Whether a pass may be armed: not while another login waits that nothing tells from its user's."""
    lately = logons.knocked_at - CLOCKS_APART_SECONDS <= now < logons.knocked_at + KNOCK_SECONDS
    return not (settings.without_address and lately)


def knock(
    logons: Logons, address: str, alive: frozenset[bytes], settings: LogonSettings, now: float
) -> tuple[Logons, PassFound, Rule | None]:
    """An RDP login begins, from `address` (as `same_host` writes it), empty where that is not known.

    `logons` are those that stand; `alive` digests of those with a session that this address was let in to. Gives what
    there is for it, and why a pass that there is does not count.
    """
    live = [logon for logon in logons.logons if logon.rdp_pass is not None and logon.rdp_pass.live(now)]
    if any(_fits(logon, address, settings) and address for logon in live):
        return logons, PassFound.LIVE, None
    if address and any(logon.digest in alive for logon in logons.logons):
        return logons, PassFound.RECONNECT, None
    if not settings.without_address:
        why = Rule.PASS_ADDRESS if address else Rule.PASS_WITHOUT_ADDRESS
        return logons, PassFound.NONE, why if live else None
    for logon in live:
        logons = logons.put(replace(logon, rdp_pass=_tried(logon.rdp_pass)))
    left = [logon for logon in logons.logons if logon.rdp_pass is not None and logon.rdp_pass.live(now)]
    if left and not address:
        return logons, PassFound.LIVE, None
    if not address:
        logons = replace(logons, knocked_at=int(now))
    return logons, PassFound.NONE, (Rule.PASS_ADDRESS if left else Rule.PASS_CANCELLED) if live else None


def use(logons: Logons, address: str, settings: LogonSettings, now: float) -> tuple[Logons, PassFound, Logon | None]:
    """A login for which auth found a pass has shown the right password: what it uses up, and whose pass that is."""
    for logon in logons.logons:
        known = logon.rdp_pass
        if known is not None and known.live(now) and _fits(logon, address, settings):
            used = replace(logon, rdp_pass=replace(known, status=PassStatus.USED))
            return logons.put(used), PassFound.USED, used
    return logons, PassFound.GONE, None


def go_on(logons: Logons, address: str, alive: frozenset[bytes]) -> tuple[Logons, PassFound, Logon | None]:
    """The same for one for which auth found a session that lives: whether it still does."""
    logon = next((logon for logon in logons.logons if address and logon.digest in alive), None)
    return logons, PassFound.GONE if logon is None else PassFound.CONTINUED, logon


def _fits(logon: Logon, address: str, settings: LogonSettings) -> bool:
    """Whether the pass is for a login from there."""
    if address:
        return logon.rdp_pass is not None and logon.rdp_pass.address == address
    return settings.without_address


def _tried(known: Pass | None) -> Pass | None:
    """A pass after another attempt by who may be anybody."""
    if known is None:
        return None
    attempts = known.attempts + 1
    return replace(known, attempts=attempts, status=PassStatus.CANCELLED if attempts > ATTEMPTS_MAX else known.status)
