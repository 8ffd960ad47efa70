"""What may leave the hook."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pam_hook.pure import Judgement, Pure

CODE = b"digits:6-6"
ANY = b"word:1-128"
STAND_IN = b"\b\n\r\x7fINCORRECT"


@pytest.mark.parametrize(
    ("typed", "password", "judgement", "value"),
    [
        (b"123456", None, Judgement.VALUE, b"123456"),
        (b"123456", b"secret", Judgement.VALUE, b"123456"),
        (b" 123 456\t\r\n", b"secret", Judgement.VALUE, b"123456"),
        (b"123456", b"123456", Judgement.BLIND, b""),
        (b"123 456", b"123456", Judgement.BLIND, b""),
        (b"123456", b"123 456", Judgement.BLIND, b""),
        (b"123 456", b"123 456", Judgement.BLIND, b""),
        (b"correct horse", b"correct horse", Judgement.BLIND, b""),
        (b"hunter", b"HUNTER", Judgement.BLIND, b""),
        (b"123456", b"12345", Judgement.VALUE, b"123456"),
        (b"123456", b"1234567", Judgement.VALUE, b"123456"),
        (b"123456", b"", Judgement.VALUE, b"123456"),
        (b"123457", b"123456", Judgement.VALUE, b"123457"),
        (b"12345", b"secret", Judgement.BADFORM, b""),
        (b"hunter2", b"secret", Judgement.BADFORM, b""),
        (b"1" * 4000, None, Judgement.BADFORM, b""),
        (b"1" * 4000, b"1" * 4000, Judgement.BLIND, b""),
        (b"", None, Judgement.EMPTY, b""),
        (b"", b"", Judgement.EMPTY, b""),
        (b" \t ", b"secret", Judgement.EMPTY, b""),
        (None, b"secret", Judgement.EOF, b""),
        (None, None, Judgement.EOF, b""),
    ],
)
def test_promise_2_what_leaves_has_the_form_and_is_not_the_password(
    pure: Pure, typed: bytes | None, password: bytes | None, judgement: Judgement, value: bytes
) -> None:
    assert pure.answer(typed, password, CODE) == (judgement, value)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 8, 13, 14, 30])
def test_promise_2_sshds_stand_in_for_a_password_is_a_blind_answer_at_every_length(pure: Pure, length: int) -> None:
    typed = (STAND_IN * 3)[:length]
    assert pure.answer(typed, None, ANY) == (Judgement.BLIND, b"")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (b"123456", b"123456"),
        (b"123 456", b"123456"),
        (b"123456", b"CORP\\123456"),
        (b"123456", b"123456@corp.example"),
        (b"123456", b"CORP+123456"),
        (b"123456", b"corp/123456"),
        (b"123456", b"CORP\\123456@corp.example"),
        (b"123456", b"host/123456@CORP"),
        (b"abcd-efgh", b"ABCD-EFGH"),
        (b"ABCD-efgh", b"CORP\\abcd-EFGH"),
        (b"CORP\\alice", b"corp\\alice"),
        (b"alice", b"Alice"),
        (b"anna maria", b"Anna Maria"),
        (b"anna maria", b"CORP\\anna maria"),
    ],
)
def test_promise_2_a_client_that_answers_with_a_name_is_blind(pure: Pure, typed: bytes, name: bytes) -> None:
    assert pure.answer(typed, b"secret", ANY, name) == (Judgement.BLIND, b"")


@pytest.mark.parametrize(
    "name", [b"", b"@", b"\\", b"1234567", b"12345", b"23456", b"x123456", b"123457@123455", b"alice", b"\xff123456"]
)
def test_a_code_that_is_no_name_may_leave(pure: Pure, name: bytes) -> None:
    assert pure.answer(b"123456", b"secret", CODE, name) == (Judgement.VALUE, b"123456")


@pytest.mark.parametrize("byte", [b"@", b"[", b"`", b"{", b"0", b"\xc4"])
def test_nothing_but_letters_has_another_case(pure: Pure, byte: bytes) -> None:
    # What stands beside A to Z and a to z in ASCII, and what only looks like a letter: 0x20 apart, and different.
    other = bytes([byte[0] ^ 0x20])
    assert pure.answer(b"a" + other, b"A" + byte, ANY)[0] is not Judgement.BLIND


text = st.binary(max_size=40).filter(lambda raw: b"\0" not in raw)
spaced = st.text(alphabet="0123 \tab", max_size=12).map(str.encode)


def without_spaces(raw: bytes) -> bytes:
    return raw.translate(None, b" \t\r\n")


@given(typed=text | spaced, password=text | spaced, form=st.sampled_from([CODE, ANY, b"digits:1-12"]))
def test_promise_2_no_password_leaves_however_it_is_spaced(
    pure: Pure, typed: bytes, password: bytes, form: bytes
) -> None:
    judgement, value = pure.answer(typed, password, form)
    if judgement == Judgement.VALUE:
        assert value == without_spaces(typed)
        assert pure.form(form, value)
        assert value.lower() != without_spaces(password).lower()
    else:
        assert value == b""


@given(typed=text | spaced, name=text | spaced, domain=text | spaced, mark=st.sampled_from([b"\\", b"/", b"+", b"@"]))
def test_promise_2_no_name_leaves_with_its_domain_or_without(
    pure: Pure, typed: bytes, name: bytes, domain: bytes, mark: bytes
) -> None:
    for known in (name, domain + mark + name, name + mark + domain):
        judgement, value = pure.answer(typed, None, ANY, known)
        if judgement == Judgement.VALUE:
            assert value.lower() != without_spaces(name).lower()
        if b"" != without_spaces(name) != b"\b" and not name.startswith(b"\b"):
            assert pure.answer(name.swapcase(), None, ANY, known)[0] in {Judgement.BLIND, Judgement.BADFORM}


@given(password=text | spaced, spaces=st.lists(st.sampled_from([b"", b" ", b"\t", b"  "]), min_size=50, max_size=50))
def test_promise_2_the_password_is_recognised_however_it_is_spaced(
    pure: Pure, password: bytes, spaces: list[bytes]
) -> None:
    pieces = [password[i : i + 1] + space for i, space in enumerate(spaces)]
    judgement, _ = pure.answer(b"".join(pieces), password, ANY)
    assert judgement in {Judgement.BLIND, Judgement.EMPTY}


@pytest.mark.parametrize(
    ("judgement", "word"),
    [
        (Judgement.VALUE, None),
        (Judgement.BLIND, "blind"),
        (Judgement.BADFORM, "badform"),
        (Judgement.EMPTY, "empty"),
        (Judgement.EOF, "eof"),
    ],
)
def test_the_words_are_those_of_the_protocol(pure: Pure, judgement: Judgement, word: str | None) -> None:
    assert pure.answer_word(judgement) == word
