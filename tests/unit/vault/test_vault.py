"""Promise 7: what is sealed opens in its own place only, under its own key only, unaltered only."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.master_key import MasterKey
from rw2fa_daemon.vault.vault import Tampered, UnknownKey, Vault

PLACE = Context("accounts", "secret", "alice", 7, (1, 6, 30, "SHA1"))
ELSEWHERE = (
    PLACE._replace(table="others"),
    PLACE._replace(column="phone"),
    PLACE._replace(user="bob"),
    PLACE._replace(generation=8),
    PLACE._replace(bound=(0, 6, 30, "SHA1")),
    PLACE._replace(bound=(1, 8, 30, "SHA1")),
    PLACE._replace(bound=(1, 6, 60, "SHA1")),
    PLACE._replace(bound=(1, 6, 30, "SHA256")),
)


def vault(number: int = 1, key: bytes = b"k" * 32) -> Vault:
    return Vault(MasterKey(number, Secret(key)))


@given(st.binary(), st.text(), st.integers())
def test_what_was_sealed_opens_in_its_place(plain: bytes, user: str, generation: int) -> None:
    context = Context("accounts", "phone", user, generation)
    assert vault().open(vault().seal(plain, context), context) == plain


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_promise_7_a_sealed_value_opens_nowhere_else(elsewhere: Context) -> None:
    sealed = vault().seal(b"secret", PLACE)
    with pytest.raises(Tampered):
        vault().open(sealed, elsewhere)


@given(st.data())
def test_promise_7_no_bit_of_a_sealed_value_can_be_changed(data: st.DataObject) -> None:
    sealed = bytearray(vault().seal(b"secret", PLACE))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Tampered):
        vault().open(bytes(sealed), PLACE)


@pytest.mark.parametrize("sealed", [b"", b"\0", b"\0\1", b"\0\1" + b"n" * 11, b"\0\1" + b"n" * 27])
def test_too_short_a_value_is_tampered_with(sealed: bytes) -> None:
    with pytest.raises(Tampered):
        vault().open(sealed, PLACE)


@pytest.mark.parametrize("other", [vault(key=b"K" * 32), vault(number=2)])
def test_promise_7_another_key_opens_nothing(other: Vault) -> None:
    with pytest.raises(Tampered):
        other.open(vault().seal(b"secret", PLACE), PLACE)


def test_the_number_of_the_key_stands_in_front() -> None:
    assert vault(number=0x0102).seal(b"", PLACE)[:2] == b"\1\2"
    assert vault(number=0x0102).mac("purpose", b"")[:2] == b"\1\2"


def test_the_same_value_is_never_sealed_the_same() -> None:
    assert vault().seal(b"secret", PLACE) != vault().seal(b"secret", PLACE)


def test_each_purpose_has_a_key_of_its_own() -> None:
    macs = {vault().mac("one", b"data"), vault().mac("other", b"data"), vault(key=b"K" * 32).mac("one", b"data")}
    assert len(macs) == 3
    assert vault().mac("one", b"data") in macs


def test_promise_3_neither_vault_nor_error_shows_a_key_or_a_value() -> None:
    with pytest.raises(Tampered) as caught:
        vault(key=b"K" * 32).open(vault().seal(b"secret", PLACE), PLACE)
    assert "accounts.secret" in str(caught.value)
    assert caught.value.__cause__ is None
    for shown in (repr(vault()), str(caught.value), repr(MasterKey(1, Secret(b"k" * 32)))):
        assert "kkk" not in shown


@given(st.tuples(st.text(), st.text(), st.text(), st.integers(), st.lists(st.text() | st.integers()).map(tuple)))
def test_no_two_contexts_are_encoded_alike(fields: tuple[str, str, str, int, tuple[str | int, ...]]) -> None:
    table, column, user, generation, bound = fields
    encoded = Context(*fields).encoded()
    # Moving the border between two neighbours gives another context.
    assert Context(table + column[:1], column[1:], user, generation, bound).encoded() != encoded or not column
    assert Context(table, column, user, generation, (*bound, "")).encoded() != encoded


def both() -> Vault:
    return Vault(MasterKey(2, Secret(b"K" * 32), (MasterKey(1, Secret(b"k" * 32)),)))


def test_what_an_older_key_sealed_is_opened_and_verified_while_it_is_there() -> None:
    assert both().open(vault().seal(b"secret", PLACE), PLACE) == b"secret"
    assert both().verify("purpose", b"data", vault().mac("purpose", b"data"))
    assert both().seal(b"", PLACE)[:2] == both().mac("purpose", b"")[:2] == b"\0\2", "the newest seals"
    alone = vault(2, b"K" * 32)
    with pytest.raises(UnknownKey):
        alone.open(vault().seal(b"secret", PLACE), PLACE)
    with pytest.raises(UnknownKey):
        alone.verify("purpose", b"data", vault().mac("purpose", b"data"))


def test_sealing_follows_what_it_is_told() -> None:
    following = both()
    following.seal_under(vault().seal(b"", PLACE))
    assert following.sealing == following.mac("purpose", b"")[:2] == b"\0\1"
    with pytest.raises(UnknownKey):
        following.seal_under(b"\0\3")
    assert following.sealing == b"\0\1"


@given(st.data())
def test_promise_7_no_bit_of_a_mac_can_be_changed(data: st.DataObject) -> None:
    mac = bytearray(both().mac("purpose", b"data"))
    at = data.draw(st.integers(0, len(mac) - 1))
    mac[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert not both().verify("purpose", b"data", bytes(mac))
    except UnknownKey:
        assert at < 2


@pytest.mark.parametrize("mac", [b"", b"\0", b"\0\1", b"\0\7", b"\0\1" + b"x" * 32, b"\0\7" + b"x" * 31])
def test_what_is_no_mac_is_not_one(mac: bytes) -> None:
    assert not both().verify("purpose", b"data", mac)


def derived(info: bytes) -> bytes:
    """HKDF-SHA256 for 32 bytes without a salt (RFC 5869), written out."""
    extracted = hmac.new(bytes(32), b"k" * 32, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\1", hashlib.sha256).digest()


def test_what_another_program_sealed_by_the_layout_is_opened() -> None:
    """States outlive versions: number, nonce, ciphertext and tag, under a key for the table and column."""
    nonce, key = b"n" * 12, derived(b"rw2fa/seal/accounts/secret")
    sealed = b"\0\1" + nonce + AESGCM(key).encrypt(nonce, b"secret", PLACE.encoded())
    assert vault().open(sealed, PLACE) == b"secret"
    assert len(vault().seal(b"secret", PLACE)) == len(sealed)


def test_a_mac_is_hmac_sha256_under_a_key_for_its_purpose_after_the_number() -> None:
    expected = b"\0\1" + hmac.new(derived(b"rw2fa/mac/purpose"), b"data", hashlib.sha256).digest()
    maker = vault()
    assert maker.mac("purpose", b"data") == expected
    assert maker.mac("purpose", b"data") == expected, "also by the state that is kept"
    assert maker.verify("purpose", b"data", expected) is True


def test_a_fingerprint_is_16_digits_of_a_key_that_nothing_else_uses() -> None:
    assert vault().fingerprint(1) == derived(b"rw2fa/fingerprint").hex()[:16]
    assert both().fingerprint(1) == vault().fingerprint(1) != both().fingerprint(2)


def test_the_numbers_of_the_keys_are_told_the_newest_first() -> None:
    three = Vault(MasterKey(2, Secret(b"a" * 32), (MasterKey(300, Secret(b"b" * 32)), MasterKey(1, Secret(b"c" * 32)))))
    assert three.numbers == (300, 2, 1)
    assert repr(three) == "Vault(key 300, 2, 1)"


def test_the_newest_key_seals_again_once_that_is_said() -> None:
    following = both()
    following.seal_under(b"\0\1")
    following.seal_under_newest()
    assert following.sealing == b"\0\2"


def test_a_key_that_is_not_here_is_named() -> None:
    with pytest.raises(UnknownKey, match=r"there is no master key 258$"):
        vault().seal_under(b"\1\2rest")
    with pytest.raises(UnknownKey, match=r"accounts\.secret is sealed under another master key"):
        vault().open(b"\0\2" + b"x" * 28, PLACE)


def test_each_column_has_a_cipher_of_its_own_also_once_it_was_used() -> None:
    maker, other = vault(), PLACE._replace(column="phone")
    sealed = [maker.seal(b"x", context) for context in (PLACE, other, PLACE)]
    assert [maker.open(one, at) for one, at in zip(sealed, (PLACE, other, PLACE), strict=True)] == [b"x"] * 3
    assert [vault().open(one, at) for one, at in zip(sealed, (PLACE, other, PLACE), strict=True)] == [b"x"] * 3
