"""Telephone numbers: one way to write them, and what of them may be shown."""

import subprocess
import sys

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.phone import E164, calling_code, ending, masked, parse_number
from rw2fa_daemon.core.problem import Problem

NUMBER = "+33612345678"


@pytest.mark.parametrize(
    "typed",
    [NUMBER, " +33 6 12 34 56 78 ", "+33-6.12/34 56 78", "+33(0)612345678", "+33\u00a06\u00a012 34 56 78"],
)
def test_a_number_is_kept_in_one_way_however_it_is_typed(typed: str) -> None:
    assert parse_number(typed) == NUMBER


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("", "that is not a phone number"),
        ("alice", "that is not a phone number"),
        ("+1 800 FLOWERS", "that is not a phone number"),
        ("+33612345678 ext 5", "that is not a phone number"),
        ("+٣٣٦١٢٣٤٥٦٧٨", "that is not a phone number"),
        ("+" + "1" * 100, "that is not a phone number"),
        ("+33612345678\n", None),
        ("06 12 34 56 78", "that number does not say its country"),
        ("+999 12345678", "that is not a phone number of any country"),
        ("+3361234567", "no phone has a number like that in the country with the calling code +33"),
        ("+33812345678", "that is a premium-rate number, not somebody's phone"),
        ("+448001111111", "that is a toll-free number, not somebody's phone"),
    ],
)
def test_what_is_no_number_of_a_phone_is_refused(typed: str, what: str | None) -> None:
    if what is None:
        assert parse_number(typed) == NUMBER
        return
    with pytest.raises(Problem) as caught:
        parse_number(typed)
    assert caught.value.what == what


@given(st.text(max_size=40) | st.from_regex(r"\+[0-9 ().-]{1,20}", fullmatch=True))
def test_whatever_is_typed_is_a_number_or_a_problem(typed: str) -> None:
    try:
        number = parse_number(typed)
    except Problem:
        return
    assert E164.fullmatch(number)
    assert parse_number(number) == number


def test_a_refusal_does_not_repeat_the_number() -> None:
    with pytest.raises(Problem) as caught:
        parse_number("+3361234567")
    assert "61234567" not in str(caught.value)


def test_every_calling_code_is_told_apart_from_the_number_behind_it() -> None:
    for code in map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE):
        assert calling_code(f"+{code}0123456789") == code


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_promise_7_a_masked_number_shows_its_country_and_its_ending_only(number: str) -> None:
    code = calling_code(number)
    assert masked(number) == f"+{code}…{number[-2:]}"
    assert ending(number) == number[-2:]


def test_what_the_daemon_needs_of_a_number_loads_no_numbering_plans() -> None:
    check = (
        "import sys; from rw2fa_daemon.core.phone import masked; import rw2fa_daemon.config.load;"
        " masked('+33612345678'); sys.exit('phonenumbers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_number_has_room_for_64_characters_of_whatever_stands_between_its_digits() -> None:
    roomy = "+33" + " " * (64 - len(NUMBER)) + NUMBER.removeprefix("+33")
    assert parse_number(roomy) == NUMBER
    with pytest.raises(Problem, match="that is not a phone number"):
        parse_number(roomy.replace("+33", "+33 "))
