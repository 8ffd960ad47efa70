"""What a conversation is made of: questions, ends, and what each depends on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.clients import Client, Information
from rw2fa_daemon.core.code_cache import CodeCache
from rw2fa_daemon.core.far_clock import Far
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.core.login_settings import LoginSettings
from rw2fa_daemon.core.policy import Decision, Facts, Rc, Row
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.quota import source_of
from rw2fa_daemon.core.recovery_codes import CodeSet
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import NO_ATTEMPT, SmsAttempt, SmsError, SmsMessage, SmsRandomness


class Stage(StrEnum):
    """What the user was asked for."""

    CODE = "code"
    TOKEN = "token"  # noqa: S105  # the name of a stage
    ENROL = "enrol"
    ACKNOWLEDGED = "noted"
    """To note the recovery codes down, and say so."""
    TOLD = "told"
    """To read why the login ends, and say so."""
    SMS = "sms"
    """For the code of an SMS."""
    RECOVERY = "recovery"
    """For a recovery code, since no message can be sent."""


class NoReply(StrEnum):
    """Why the hook sent no value."""

    BLIND = "blind"
    BADFORM = "badform"
    EMPTY = "empty"
    EOF = "eof"


ANYTHING: Final = "digits:1-1"
"""Enter alone is the answer that is hoped for; a form has no length below one."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. `form` says what may leave the hook, as the protocol writes it."""

    n: int
    text: str
    form: str


@dataclass(frozen=True, slots=True)
class End:
    """The end of a phase; `mint` is the uid that evidence is kept for, None for no evidence."""

    rc: Rc
    rule: Rule
    text: str = ""
    mint: int | None = None


@dataclass(frozen=True, slots=True)
class ConversationState:
    """Where a conversation stands between two messages."""

    stage: Stage
    n: int = 1
    wrong: int = 0
    used: int = 0
    end: End | None = None
    """What was decided already, and comes once the user has read why."""
    login: bytes = b""
    """The random name that SMS codes are bound to."""
    on_request: bool = False
    """Whether no message goes out until Enter asks for it: maybe nobody is there to read one."""
    entered: int = 0
    """How often Enter alone was the answer."""
    told: int = 0
    """The message whose failure was told last."""
    offered: Credential | None = None
    """What the QR code on the screen holds: no other one is shown here, whatever became of the account meanwhile."""
    pictures: int = 0
    """How often another rendering of the QR code was asked for."""
    activates: bool = False
    """Whether a right code activates the account and hands out recovery codes, which have to be made first."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What one event leads to: the account to store, the message, what is audited, what comes next.

    `say` is None where nobody waits for an answer. `sms` goes out once the account is stored.
    """

    account: Account | None
    say: Ask | End | None
    state: ConversationState | None = None
    records: tuple[Record, ...] = ()
    sms: SmsMessage | None = None
    far: Far | None = None
    """What to look for before this is said: the phone's clock may be hours off."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What all logins draw on: codes that were computed before, and randomness."""

    code_cache: CodeCache
    fresh_secret: Callable[[], Secret]
    fresh_generation: Callable[[], int]
    sms_randomness: SmsRandomness | None = None
    """None where no message is ever made."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a login is judged in: the time, the settings, the client, randomness."""

    now: float
    """UTC seconds."""
    booted_at: float
    """UTC seconds; the kernel counts audit sessions from each boot anew."""
    login: Login
    facts: Facts
    client: Client
    name: str
    uid: int
    settings: LoginSettings
    scope_since: int
    """UTC seconds at which the scope began to name this user."""
    resources: Resources
    recovery: CodeSet | None = None
    """Recovery codes to give out if this answer activates the account."""
    sms_attempt: SmsAttempt = NO_ATTEMPT
    """How the latest message of this login fares."""
    error: SmsError | None = None
    """Why no message can be sent, where that is known."""
    other_name: str = ""
    """The name that was typed, if it is another one of the same uid."""

    def at(self, now: float) -> "Context":
        """The same at another time (UTC seconds)."""
        return replace(self, now=now)

    @property
    def unattended(self) -> bool:
        """Whether a program for terminals was started without one: by another program, as far as can be told."""
        return self.client.information is Information.AT_ONCE and not self.login.tty

    @property
    def source(self) -> str:
        """The address that the login comes from, as messages are counted; empty where local users can forge it."""
        return "" if self.client.forgeable_address else source_of(self.login.rhost)

    def record(self, event: Event, decision: str, rule: str, reason: str = "") -> Record:
        """An audit record of this login."""
        login = self.login
        if self.other_name:
            reason = f"{reason}; signed in as {self.other_name}" if reason else f"signed in as {self.other_name}"
        return Record(event, self.now, self.name, login.service, login.rhost, login.phase, decision, rule, reason)


def finish(row: Row, context: Context, account: Account | None = None, reason: str = "") -> Transition:
    """The transition for a row that ends the phase. Raises ValueError for one that asks."""
    if row.rc is None:
        raise ValueError(f"the row {row.rule} asks, and ends nothing")
    records = (context.record(row.event, row.decision, row.rule, reason),) if row.event else ()
    end = End(
        row.rc,
        row.rule,
        row.text.value if row.text else "",
        context.uid if row.mint else None,
    )
    return Transition(account, end, records=records)


def let_in(
    account: Account, context: Context, event: Event, rule: Rule, *, reason: str = "", text: str = ""
) -> Transition:
    """The transition that ends in success, with evidence for later slots and phases."""
    end = End(Rc.SUCCESS, rule, text, context.uid)
    return Transition(account, end, None, (context.record(event, Decision.ALLOW, rule, reason),))


def refuse(
    account: Account | None,
    context: Context,
    event: Event,
    rule: Rule,
    reason: str,
    text: Prompt | str = Prompt.LOGIN_REFUSED,
) -> Transition:
    """The transition that ends in failure."""
    record = context.record(event, Decision.DENY, rule, reason)
    said = text.value if isinstance(text, Prompt) else text
    return Transition(account, End(Rc.AUTH_ERR, rule, said), None, (record,))
