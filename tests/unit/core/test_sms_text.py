"""What an SMS says, and what it costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.sms_text import Encoding, Segments, costly, fill, segments

GSM_TEXT = st.text(alphabet="abcÄ€[ 0~\n")


def test_the_marks_are_replaced() -> None:
    assert fill("Your %ISSUER% verification code is: %CODE%", "012345", "Example") == (
        "Your Example verification code is: 012345"
    )


def test_an_issuer_that_holds_a_mark_is_not_filled_in_again() -> None:
    assert fill("%ISSUER% %CODE%", "1", "%CODE%%ISSUER%") == "%CODE%%ISSUER% 1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments(Encoding.GSM7, 0, 1)),
        ("a" * 160, Segments(Encoding.GSM7, 160, 1)),
        ("a" * 161, Segments(Encoding.GSM7, 161, 2)),
        ("a" * 306, Segments(Encoding.GSM7, 306, 2)),
        ("a" * 307, Segments(Encoding.GSM7, 307, 3)),
        ("€" * 80, Segments(Encoding.GSM7, 160, 1)),
        ("à" + "€" * 80, Segments(Encoding.GSM7, 161, 2)),
        ("a" * 152 + "€" * 77, Segments(Encoding.GSM7, 306, 3)),
        ("ê" + "a" * 69, Segments(Encoding.UCS2, 70, 1)),
        ("ê" + "a" * 70, Segments(Encoding.UCS2, 71, 2)),
        ("😀" * 35, Segments(Encoding.UCS2, 70, 1)),
        ("a" * 66 + "😀" * 34, Segments(Encoding.UCS2, 134, 3)),
    ],
)
def test_segments_are_counted_as_the_network_counts_them(text: str, expected: Segments) -> None:
    assert segments(text) == expected


@given(GSM_TEXT | st.text())
def test_no_segment_holds_more_than_it_can(text: str) -> None:
    found = segments(text)
    room = {Encoding.GSM7: 153, Encoding.UCS2: 67}[found.encoding]
    alone = {Encoding.GSM7: 160, Encoding.UCS2: 70}[found.encoding]
    assert (found.count == 1) == (found.characters <= alone)
    if found.count > 1:
        # A pair that no break may part leaves at most one place empty.
        assert (found.count - 1) * (room - 1) < found.characters <= found.count * room
    assert (found.encoding is Encoding.UCS2) == bool(costly(text))


def test_what_makes_a_text_costly_is_named() -> None:
    assert costly("Votre code “%CODE%” êtes à") == "“”ê"
