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
        for text in (told.administrator, told.user):
            assert text.endswith("."), told
            assert text[0].isupper(), told
            assert text.isprintable(), told
        assert "rw2fa" not in told.user, "a person does not administer"
        assert "Twilio" not in told.user, "a person need not know who sends"
        assert len(told.user) <= 100, told


@given(CODES, HTTP)
def test_there_is_always_something_to_say(code: int | None, http_status: int | None) -> None:
    told = explain(code, http_status)
    assert told.administrator
    assert told.user
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


OWN_TROUBLE = (429, 500, 503)
"""HTTP's words for what Twilio's own codes 20429, 20500 and 20503 say."""


@pytest.mark.parametrize("status", OWN_TROUBLE)
def test_twilios_own_trouble_has_a_sentence_and_is_no_ones_number_or_setup(status: int) -> None:
    told = explain(20_000 + status, status)
    assert told.kind is Kind.RETRY
    assert str(status) not in told.administrator, "the sentence is that of an unknown code"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, Kind.DOWN) for code in (21611, 21730, 30001, 63038)),
        *((code, Kind.SETUP) for code in (10001, 20003, 20005, 20404, 21212, 21603, 21606, 21617, 21659, 21660)),
        *((code, Kind.SETUP) for code in (30002, 30032, 30034, 90010)),
        *((code, Kind.PERMANENT) for code in (21211, 21265, 21266, 21408, 21608, 21610, 21612, 21614, 21635)),
        *((code, Kind.PERMANENT) for code in (30003, 30004, 30005, 30006, 30007, 30008)),
    ],
)
def test_each_code_says_whether_others_get_their_messages(code: int, kind: Kind) -> None:
    """As Twilio documents them (https://www.twilio.com/docs/api/errors)."""
    assert explain(code, 400).kind is kind
    assert str(code) not in explain(code, 400).administrator, "the sentence is that of an unknown code"
