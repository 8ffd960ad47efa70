"""How loud each kind of record is, and what tells kinds apart for good."""

import re
from typing import Final

import pytest

from rw2fa_daemon.core.audit import Event

PRIORITIES: Final = {
    # critical
    Event.MANY_GUESSED_AT: 2,
    Event.STATE_OLDER: 2,
    # error
    Event.CANNOT_JUDGE: 3,
    Event.SMS_DOWN: 3,
    # warning
    Event.LOCKED: 4,
    Event.PROTOCOL_BROKEN: 4,
    Event.RECOVERY_CODE_USED: 4,
    Event.RECOVERY_CODES_MADE: 4,
    Event.SMS_REFUSED: 4,
    Event.SMS_FAILED: 4,
    Event.SMS_UNDELIVERED: 4,
    Event.RECORDS_LOST: 4,
    Event.NOTICE_FAILED: 4,
    Event.PASS_CANCELLED: 4,
    Event.CLOCK_WRONG: 4,
    # notice
    Event.CODE_WRONG: 5,
    Event.CODE_USED_BEFORE: 5,
    Event.CODE_OUTSIDE_WINDOW: 5,
    Event.NO_ANSWER: 5,
    Event.REFUSED: 5,
    Event.ACTIVATED: 5,
    Event.SMS_UP: 5,
    Event.ADMINISTRATION: 5,
    Event.CONFIGURATION: 5,
    Event.CLOCK_RIGHT: 5,
    # information
    Event.ACCEPTED: 6,
    Event.ENROLMENT_OFFERED: 6,
    Event.LET_PASS: 6,
    Event.SMS_SENT: 6,
    Event.SMS_DELIVERED: 6,
    Event.SMS_UNCONFIRMED: 6,
    Event.LOGON: 6,
    Event.SESSION_OPENED: 6,
    Event.LOGON_ENDED: 6,
    Event.PASS_ARMED: 6,
    Event.PASS_USED: 6,
}
"""Syslog priorities (RFC 5424 §6.2.1): filters and alarms of administrators depend on them."""


@pytest.mark.parametrize("event", Event)
def test_each_kind_of_record_has_its_priority(event: Event) -> None:
    assert event.priority == PRIORITIES[event]


def test_each_kind_of_record_has_a_name_and_an_id_of_its_own() -> None:
    assert len({event.label for event in Event}) == len({event.message_id for event in Event}) == len(Event)
    assert all(re.fullmatch("[0-9a-f]{32}", event.message_id) for event in Event)
