"""Digests of codes that are typed once: what is stored has to be found again after any update."""

import hashlib
import hmac
import re

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.vault.code_hasher import CodeHasher

SALT = bytes(range(32))
HASHER = CodeHasher(Secret(SALT))


def of(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.sha256).digest()


def test_a_digest_is_scrypt_of_8_mib_over_the_code_as_printed_salted_for_the_user() -> None:
    expected = hashlib.scrypt(b"abcd-efgh-jkmn", salt=of(SALT, b"alice"), n=8192, r=8, p=1, dklen=32)
    assert HASHER.digest("alice", "abcd-efgh-jkmn") == expected


@pytest.mark.parametrize("typed", ["ABCD-EFGH-JKMN", "abcdefghjkmn", "ab-cdef-gHjk-mn"])
def test_case_and_dashes_do_not_matter(typed: str) -> None:
    assert HASHER.digest("alice", typed) == HASHER.digest("alice", "abcd-efgh-jkmn")


def test_promise_7_the_same_code_has_another_digest_for_each_user_and_each_state() -> None:
    code = "abcd-efgh-jkmn"
    others = (HASHER.digest("bob", code), CodeHasher(Secret(SALT[::-1])).digest("alice", code))
    assert len({HASHER.digest("alice", code), *others}) == 3


def test_names_and_codes_that_are_no_text_have_digests_too() -> None:
    expected = hashlib.scrypt(b"caf?", salt=of(SALT, b"b\xf6rn"), n=8192, r=8, p=1, dklen=32)
    assert HASHER.digest("b\udcf6rn", "café") == expected


def test_a_keyed_hash_has_a_key_for_its_purpose_that_is_no_users_salt() -> None:
    assert HASHER.keyed("sms code", b"data") == of(of(SALT, b"\0sms code"), b"data")


def test_ten_new_codes_differ_and_come_with_their_digests_in_order() -> None:
    made = HASHER.new("alice")
    assert len(set(made.codes)) == 10
    assert all(re.fullmatch("[a-hj-km-np-z2-9]{4}(-[a-hj-km-np-z2-9]{4}){2}", code) for code in made.codes)
    assert made.digests == tuple(HASHER.digest("alice", code) for code in made.codes)
    assert len(HASHER.new("alice", 1).digests) == 1
