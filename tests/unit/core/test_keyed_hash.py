"""HMAC with its states made once gives what the standard library gives."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.keyed_hash import KeyedHash


@pytest.mark.parametrize("name", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("length", [0, 1, 20, 63, 64, 65, 127, 128, 129, 300])
def test_keys_up_to_a_block_and_longer_ones(name: str, length: int) -> None:
    key = bytes(range(256)) * 2
    expected = hmac.digest(key[:length], b"message", name)
    assert KeyedHash(getattr(hashlib, name), key[:length]).digest(b"message") == expected


@given(st.binary(max_size=100), st.lists(st.binary(max_size=100), max_size=3))
def test_one_key_serves_many_messages(key: bytes, messages: list[bytes]) -> None:
    keyed = KeyedHash(hashlib.sha256, key)
    assert [keyed.digest(each) for each in messages] == [hmac.digest(key, each, "sha256") for each in messages]
