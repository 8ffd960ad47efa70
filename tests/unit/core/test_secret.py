"""Nothing prints a secret."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.secret import HIDDEN, Secret


@given(st.binary(min_size=4, max_size=40))
def test_promise_3_no_way_of_printing_shows_a_secret(value: bytes) -> None:
    secret = Secret(value)
    account = Account("alice", 1000, 1, phone=secret, credential=Credential(secret, active=True))
    for text in (repr(secret), str(secret), f"{secret}", f"{secret:>30}", "%s %r" % (secret, secret)):  # noqa: UP031  # this way too
        assert text.replace(HIDDEN, "").strip() == ""
    assert repr(value) not in repr(account)
    assert value.hex() not in repr(account)


def test_promise_3_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(b"secret"))


@given(st.binary(), st.binary())
def test_secrets_compare_by_value(one: bytes, other: bytes) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) != one
