"""Audit records: what was decided about whom, where, by which rule. Never a secret."""

from dataclasses import dataclass
from enum import Enum


class Event(Enum):
    """Kinds of records, each with a stable id (the journal's MESSAGE_ID) and a syslog priority."""

    ACCEPTED = ("accepted", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f101", 6)
    CODE_WRONG = ("code-wrong", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f102", 5)
    CODE_USED_BEFORE = ("code-used-before", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f103", 5)
    CODE_OUTSIDE_WINDOW = ("code-outside-window", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f104", 5)
    NO_ANSWER = ("no-answer", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f105", 5)
    REFUSED = ("refused", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f106", 5)
    LOCKED = ("locked", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f107", 4)
    ENROLMENT_OFFERED = ("enrolment-offered", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f108", 6)
    ACTIVATED = ("activated", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f109", 5)
    LET_PASS = ("let-pass", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f10a", 6)
    CANNOT_JUDGE = ("cannot-judge", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f10b", 3)
    PROTOCOL_BROKEN = ("protocol-broken", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f10c", 4)
    RECOVERY_CODE_USED = ("recovery-code-used", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f110", 4)
    SMS_SENT = ("sms-sent", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f120", 6)
    SMS_REFUSED = ("sms-refused", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f121", 4)
    SMS_FAILED = ("sms-failed", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f122", 4)
    SMS_DELIVERED = ("sms-delivered", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f123", 6)
    SMS_UNDELIVERED = ("sms-undelivered", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f124", 4)
    SMS_UNCONFIRMED = ("sms-unconfirmed", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f125", 6)
    SMS_DOWN = ("sms-down", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f126", 3)
    SMS_UP = ("sms-up", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f127", 5)
    MANY_GUESSED_AT = ("many-guessed-at", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f111", 2)
    ADMINISTRATION = ("administration", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f10d", 5)
    CONFIGURATION = ("configuration", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f10e", 5)
    RECORDS_LOST = ("records-lost", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f10f", 4)
    STATE_OLDER = ("state-older", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f113", 2)
    NOTICE_FAILED = ("notice-failed", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f112", 4)
    LOGON = ("logon", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f130", 6)
    SESSION_OPENED = ("session-opened", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f131", 6)
    LOGON_ENDED = ("logon-ended", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f132", 6)
    PASS_ARMED = ("pass-armed", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f133", 6)
    PASS_USED = ("pass-used", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f134", 6)
    RECOVERY_CODES_MADE = ("recovery-codes-made", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f114", 4)
    PASS_CANCELLED = ("pass-cancelled", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f135", 4)
    CLOCK_WRONG = ("clock-wrong", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f1c1", 4)
    CLOCK_RIGHT = ("clock-right", "5c9b1f5e7f8b4d0bb7b3a7a0a9d7f1c2", 5)

    def __init__(self, label: str, message_id: str, priority: int) -> None:
        self.label = label
        self.message_id = message_id
        self.priority = priority


@dataclass(frozen=True, slots=True)
class Record:
    """One decision. `at` is UTC seconds; `reason` one sentence for an administrator.

    `decision` is one of `ignore`, `allow`, `code`, `enrol`, `deny`, or `done` for what an
    administrator did. Fields that do not apply are empty.
    """

    event: Event
    at: float
    user: str = ""
    service: str = ""
    address: str = ""
    phase: str = ""
    decision: str = ""
    rule: str = ""
    reason: str = ""
