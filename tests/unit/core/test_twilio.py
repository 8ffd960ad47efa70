"""Every error has a sentence for the administrator and a shorter one for the person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.twilio import (
    CODES_AT,
    ERRORS,
    FINAL_STATUSES,
    NOT_DELIVERED,
    STATUSES,
    TOO_MANY_REQUESTS,
    UNCERTAIN,
    UNREACHABLE,
    Kind,
    TwilioError,
    explain,
    may_repeat,
)

AT_ONCE = (20003, 20429, 21211, 21212, 21408, 21606, 21608, 21610, 21612, 21614, 21617)
LATER = (30003, 30004, 30005, 30006, 30007, 30008, 30034)

CODES = st.one_of(st.none(), st.integers(10_000, 99_999), st.sampled_from(sorted(ERRORS)))
HTTP = st.one_of(st.none(), st.integers(100, 599))


def every() -> list[TwilioError]:
    return [*(explain(code, 400) for code in ERRORS), UNCERTAIN, UNREACHABLE, NOT_DELIVERED]


@pytest.mark.parametrize("code", [*AT_ONCE, *LATER])
def test_what_happens_in_practice_has_a_sentence_of_its_own(code: int) -> None:
    told = explain(code, None)
    assert told.code == code
    assert str(code) not in told.administrator, "the sentence is that of an unknown code"


def test_each_sentence_is_one_and_the_persons_is_no_longer() -> None:
    for told in every():
        for text in (told.administrator, told.person):
            assert text.endswith("."), told
            assert text[0].isupper(), told
            assert text.isprintable(), told
        assert "rw2fa" not in told.person, "a person does not administer"
        assert "Twilio" not in told.person, "a person need not know who sends"
        assert len(told.person) <= 100, told


@given(CODES, HTTP)
def test_there_is_always_something_to_say(code: int | None, http_status: int | None) -> None:
    told = explain(code, http_status)
    assert told.administrator
    assert told.person
    assert told.code == code


def test_a_code_that_nobody_has_heard_of_says_where_to_read_about_it() -> None:
    told = explain(12345, 400)
    assert told.administrator == f"Twilio reports error 12345; read {CODES_AT}/12345."
    assert told.kind is Kind.PERMANENT


@pytest.mark.parametrize("http_status", [500, 502, 503, 504, 599])
def test_a_server_that_fails_is_no_fault_of_the_number(http_status: int) -> None:
    assert explain(None, http_status).kind is Kind.RETRY
    assert explain(77777, http_status).kind is Kind.RETRY


def test_no_answer_at_all_is_told_from_a_strange_one() -> None:
    assert explain(None, None) is UNREACHABLE
    assert "HTTP status 307" in explain(None, 307).administrator


@given(CODES, HTTP)
def test_what_may_be_repeated_is_too_much_at_once_and_nothing_else(code: int | None, http_status: int | None) -> None:
    assert may_repeat(code, http_status) is (code == TOO_MANY_REQUESTS or (http_status == 429 and code not in ERRORS))


def test_a_limit_of_the_day_is_not_asked_again_in_a_second() -> None:
    assert not may_repeat(63038, 429)


def test_final_statuses_are_statuses() -> None:
    assert FINAL_STATUSES < STATUSES
