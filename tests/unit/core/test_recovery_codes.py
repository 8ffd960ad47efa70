"""Recovery codes and tokens as words."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.recovery_codes import ALPHABET, FORM, HashedAttempt, as_printed, new_code, without
from rw2fa_daemon.wire.login import has_form


def test_a_new_word_is_read_back_however_it_is_typed() -> None:
    for _ in range(200):
        code = new_code(secrets.choice)
        for typed in (code, code.upper(), code.replace("-", ""), code.replace("-", "").upper()):
            assert has_form(typed, FORM)
            assert as_printed(typed) == code


def test_words_do_not_repeat_and_hold_nothing_that_is_misread() -> None:
    codes = {new_code(secrets.choice) for _ in range(1_000)}
    assert len(codes) == 1_000
    assert set("".join(codes)) <= {*ALPHABET, "-"}
    assert not set("il1o0") & set(ALPHABET)


@given(st.lists(st.binary(min_size=32, max_size=32), unique=True, max_size=10), st.binary(min_size=32, max_size=32))
def test_a_word_is_taken_out_once(digests: list[bytes], typed: bytes) -> None:
    left = without(tuple(digests), HashedAttempt(typed))
    if typed in digests:
        assert left == tuple(digest for digest in digests if digest != typed)
    else:
        assert left is None
