"""The form of an answer, against a model of docs/protocol.md in a regular expression."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pam_hook.pure import Pure

ALPHABETS = {b"digits": b"[0-9]", b"word": b"[A-Za-z0-9-]"}
ALTERNATIVE = re.compile(rb"(digits|word):([1-9][0-9]{0,2})-([1-9][0-9]{0,2})")


def model(form: bytes, value: bytes) -> bool | None:
    alternatives = form.split(b",")
    if len(alternatives) > 8:
        return None
    accepted = False
    for alternative in alternatives:
        match = ALTERNATIVE.fullmatch(alternative)
        if match is None:
            return None
        low, high = int(match[2]), int(match[3])
        if not low <= high <= 128:
            return None
        accepted |= re.fullmatch(ALPHABETS[match[1]] + b"{%d,%d}" % (low, high), value) is not None
    return accepted


no_nul = st.binary(max_size=20).filter(lambda raw: b"\0" not in raw)
alternatives = st.builds(
    lambda name, low, high: b"%s:%d-%d" % (name, low, high),
    st.sampled_from(sorted(ALPHABETS)),
    st.integers(0, 130),
    st.integers(0, 130),
)
forms = st.one_of(
    no_nul,
    st.lists(alternatives, min_size=1, max_size=9).map(b",".join),
    st.from_regex(rb"(digits|word|):?[0-9]*-?[0-9]*,?(digits:[1-9]-[1-9])?").filter(lambda raw: b"\0" not in raw),
)
values = st.one_of(
    no_nul, st.from_regex(rb"[0-9]{0,14}", fullmatch=True), st.from_regex(rb"[A-Za-z0-9-]{0,130}", fullmatch=True)
)


@given(form=forms, value=values)
def test_promise_2_a_form_accepts_what_the_protocol_says(pure: Pure, form: bytes, value: bytes) -> None:
    assert pure.form(form, value) == model(form, value)


@pytest.mark.parametrize(
    ("form", "value", "accepted"),
    [
        (b"digits:6-6", b"123456", True),
        (b"digits:6-6", b"12345", False),
        (b"digits:6-6", b"1234567", False),
        (b"digits:6-6", b"12345a", False),
        (b"digits:6-6", b"", False),
        (b"digits:6-6,word:10-20", b"abcde-12345", True),
        (b"word:1-128", b"x" * 128, True),
        (b"word:1-4", b"a_b", False),
        (b"word:1-4", "ä".encode(), False),
    ],
)
def test_lengths_and_alphabets(pure: Pure, form: bytes, value: bytes, accepted: bool) -> None:
    assert pure.form(form, value) is accepted


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b",",
        b"digits",
        b"digits:",
        b"digits:6",
        b"digits:6-",
        b"digits:-6",
        b"digits:6-6,",
        b",digits:6-6",
        b"digits:6-6,,word:1-2",
        b"digits:6-5",
        b"digits:0-6",
        b"digits:06-6",
        b"digits:6-129",
        b"digits:6-99999999999999999999",
        b"digits:6-6 ",
        b" digits:6-6",
        b"Digits:6-6",
        b"any:1-5",
        b"digits:6-6-6",
        b"digits:6-6;word:1-2",
        b",".join([b"digits:6-6"] * 9),
    ],
)
def test_promise_2_to_what_is_no_form_nothing_can_be_answered(pure: Pure, form: bytes) -> None:
    assert pure.form(form, b"123456") is None
