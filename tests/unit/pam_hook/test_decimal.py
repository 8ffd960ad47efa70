"""Numbers without stdio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pam_hook.pure import Pure

MAXIMUM = 0xFFFFFFFF


@given(number=st.integers(0, MAXIMUM))
def test_a_number_is_read_and_written_again(pure: Pure, number: int) -> None:
    text = str(number).encode()
    assert pure.decimal(text, MAXIMUM) == (number, text)


@given(number=st.integers(0, 1 << 80), maximum=st.integers(0, MAXIMUM))
def test_a_number_over_the_maximum_is_refused(pure: Pure, number: int, maximum: int) -> None:
    assert (pure.decimal(str(number).encode(), maximum) is None) == (number > maximum)


@pytest.mark.parametrize("text", [b"", b"-1", b"+1", b" 1", b"1 ", b"01", b"00", b"0x1", b"1e3", b"1.0", "١".encode()])
def test_there_is_one_spelling_for_each_number(pure: Pure, text: bytes) -> None:
    assert pure.decimal(text, MAXIMUM) is None
