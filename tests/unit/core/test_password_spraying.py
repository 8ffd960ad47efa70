"""The alarm about one guess at many people."""

import pytest

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.password_spraying import ADDRESSES_NAMED, THRESHOLDS, USERS_KEPT, SprayingDetector, Threshold

NOW = 1_700_000_000.0
HURRIED, PATIENT = THRESHOLDS


def wrong(user: str, at: float = NOW, address: str = "192.0.2.1") -> Record:
    return Record(Event.CODE_WRONG, at, user, "sshd", address, "auth", "deny", "code-wrong")


def right(user: str, at: float = NOW, address: str = "192.0.2.1", event: Event = Event.ACCEPTED) -> Record:
    return Record(event, at, user, "sshd", address, "auth", "allow", "code-right")


def feed(spread: SprayingDetector, *records: Record) -> list[Record]:
    return [alarm for record in records for alarm in spread.note(record)]


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=lambda threshold: threshold.words)
def test_promise_9_wrong_codes_of_many_people_raise_an_alarm(threshold: Threshold) -> None:
    apart = threshold.seconds / (threshold.users + 1)
    records = [wrong(f"user{number}", NOW + number * apart) for number in range(threshold.users)]
    alarms = feed(SprayingDetector(), *records)
    assert [(alarm.event, alarm.at) for alarm in alarms] == [(Event.MANY_GUESSED_AT, records[-1].at)]
    assert f"the passwords of {threshold.users} people" in alarms[0].reason
    assert f"within {threshold.words} " in alarms[0].reason
    assert "192.0.2.1" in alarms[0].reason


def test_one_person_who_cannot_type_is_no_alarm() -> None:
    assert feed(SprayingDetector(), *[wrong("alice", NOW + second) for second in range(1_000)]) == []


def test_wrong_codes_that_are_far_apart_are_no_alarm() -> None:
    apart = PATIENT.seconds / (PATIENT.users - 1)
    assert feed(SprayingDetector(), *[wrong(f"user{number}", NOW + number * apart) for number in range(1_000)]) == []


@pytest.mark.parametrize("event", [Event.ACCEPTED, Event.RECOVERY_CODE_USED, Event.ACTIVATED])
def test_people_who_mistype_and_then_type_right_are_no_alarm(event: Event) -> None:
    names = [f"user{number}" for number in range(1_000)]
    assert feed(SprayingDetector(), *[one for name in names for one in (wrong(name), right(name, event=event))]) == []


def test_a_right_code_from_elsewhere_takes_nothing_back() -> None:
    names = [f"user{number}" for number in range(HURRIED.users)]
    records = [one for name in names for one in (wrong(name, address="203.0.113.9"), right(name))]
    assert len(feed(SprayingDetector(), *records)) == 1


def test_an_alarm_is_raised_once_in_its_time_and_then_again_with_all_there_are() -> None:
    spread = SprayingDetector()
    crowd = [wrong(f"user{number}") for number in range(PATIENT.users - 1)]
    assert len(feed(spread, *crowd)) == 1
    assert feed(spread, wrong("one-more", NOW + 1)) != [], "the day's own alarm"
    later = NOW + HURRIED.seconds
    again = feed(spread, *[wrong(f"user{number}", later) for number in range(HURRIED.users)])
    assert [alarm.reason.split(",")[0] for alarm in again] == [
        f"somebody may know the passwords of {HURRIED.users} people"
    ]


def test_a_clock_that_is_set_back_silences_no_alarm() -> None:
    spread = SprayingDetector()
    feed(spread, *[wrong(f"user{number}") for number in range(HURRIED.users)])
    earlier = NOW - 10 * PATIENT.seconds
    assert len(feed(spread, *[wrong(f"user{number}", earlier) for number in range(HURRIED.users)])) == 1


def test_promise_11_people_and_addresses_are_bounded() -> None:
    spread = SprayingDetector()
    alarms = feed(
        spread, *[wrong(f"user{number}", address=f"198.51.100.{number % 200}") for number in range(3 * USERS_KEPT)]
    )
    assert spread.users(NOW) == USERS_KEPT
    assert all(alarm.reason.count("198.51.100.") <= ADDRESSES_NAMED for alarm in alarms)
    assert "and 32 other addresses" in alarms[-1].reason


def test_a_console_has_no_address_and_is_called_this_machine() -> None:
    alarms = feed(SprayingDetector(), *[wrong(f"user{number}", address="") for number in range(HURRIED.users)])
    assert f"from this machine ({HURRIED.users})" in alarms[0].reason


def test_what_is_watched_is_written_first_and_the_alarm_after_it() -> None:
    written: list[Record] = []
    audit = SprayingDetector().watching(written.append)
    records = [wrong(f"user{number}") for number in range(HURRIED.users)]
    for record in records:
        audit(record)
    assert written[:-1] == records
    assert written[-1].event is Event.MANY_GUESSED_AT
    # It names no user and no service: it is about many, and no filter for single logins is to take it for one.
    assert (written[-1].user, written[-1].service, written[-1].address) == ("", "", "")


def test_people_are_counted_for_monitoring() -> None:
    spread = SprayingDetector()
    feed(spread, wrong("carol", NOW - HURRIED.seconds), wrong("alice"), wrong("bob"), right("bob"))
    assert spread.users(NOW) == 1


def test_the_patient_attackers_day_has_24_hours() -> None:
    spread = SprayingDetector()
    feed(spread, wrong("first"), *[wrong(f"user{number}", NOW + 40_000) for number in range(38)])
    assert feed(spread, wrong("last", NOW + 86_400)) == [], "the first is a day old"
    assert [alarm.event for alarm in feed(spread, wrong("one-more", NOW + 86_401))] == [Event.MANY_GUESSED_AT]


def test_a_login_that_was_refused_without_a_code_is_no_guess() -> None:
    spread = SprayingDetector()
    refused = [Record(Event.REFUSED, NOW, f"user{number}", "sshd", "192.0.2.1") for number in range(100)]
    assert feed(spread, *refused) == []
    assert spread.users(NOW) == 0


def test_promise_11_of_too_many_users_the_one_longest_ago_is_forgotten() -> None:
    spread = SprayingDetector()
    feed(spread, *[wrong(f"user{number}") for number in range(USERS_KEPT + 1)])
    feed(spread, right(f"user{USERS_KEPT}"))
    assert spread.users(NOW) == USERS_KEPT - 1
