"""Sealing and opening what is kept at rest (promise 7)."""

import hashlib
import hmac
import os
import struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rw2fa_daemon.core.keyed_hash import KeyedHash
from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.master_key import KEY_BYTES, MasterKey

FINGERPRINT_DIGITS: Final = 16
NONCE_BYTES: Final = 12
"""NIST SP 800-38D §8.2: 96 bits, drawn at random for each value."""
_NUMBER: Final = struct.Struct(">H")
_HEAD_BYTES: Final = _NUMBER.size + NONCE_BYTES
_MAC_BYTES: Final = _NUMBER.size + 32


class Tampered(Exception):
    """A sealed value does not belong where it was found, was altered, or has another key."""


class UnknownKey(Tampered):
    """A sealed value names a master key that is not here."""


class Vault:
    """AES-256-GCM under keys that HKDF-SHA256 (RFC 5869) draws from the master key.

    Each table and column has a key of its own, and so has each purpose of `mac`. What comes out
    of `seal` and `mac` starts with the number of the master key, two bytes, big-endian; by it
    what older master keys sealed is opened, while there are any. New values are sealed under the
    newest, until `seal_under` says otherwise.
    """

    __slots__ = ("_ciphers", "_macs", "_master_keys", "_number")

    def __init__(self, master_key: MasterKey) -> None:
        keys = (master_key, *master_key.older)
        self._master_keys: Final = {_NUMBER.pack(key.number): key.key for key in keys}
        self._number = _NUMBER.pack(master_key.number)
        # Made once for each purpose: deriving one takes longer than the whole rest of a login.
        self._ciphers: Final[dict[tuple[bytes, str, str], AESGCM]] = {}
        self._macs: Final[dict[tuple[bytes, str], KeyedHash]] = {}

    def __repr__(self) -> str:
        return f"Vault(key {', '.join(map(str, self.numbers))})"

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the master keys that are here, the newest first."""
        return tuple(sorted((_unpacked(number) for number in self._master_keys), reverse=True))

    @property
    def sealing(self) -> bytes:
        """What everything starts with that is sealed now."""
        return self._number

    def seal_under(self, sealed: bytes) -> None:
        """From now on, seal under the master key that `sealed` is sealed under; raises `UnknownKey`."""
        number = sealed[: _NUMBER.size]
        if number != self._number:
            if number not in self._master_keys:
                raise UnknownKey(f"there is no master key {_unpacked(number)}")
            self._number = number

    def seal_under_newest(self) -> None:
        """From now on, seal under the newest master key that is here."""
        self._number = max(self._master_keys)

    def fingerprint(self, number: int) -> str:
        """By which administrators, and other hosts, tell master keys apart; it reveals nothing of the key."""
        return self._derive(_NUMBER.pack(number), "fingerprint").hex()[:FINGERPRINT_DIGITS]

    def seal(self, plain: bytes, context: Context) -> bytes:
        """`plain` encrypted, to be opened in the same context only."""
        nonce = os.urandom(NONCE_BYTES)
        number = self._number
        return number + nonce + self._cipher(number, context).encrypt(nonce, plain, context.encoded())

    def open(self, sealed: bytes, context: Context) -> bytes:
        """What was sealed in this context; raises `Tampered` otherwise."""
        number = sealed[: _NUMBER.size]
        if number not in self._master_keys:
            raise UnknownKey(f"{context.table}.{context.column} is sealed under another master key")
        nonce = sealed[_NUMBER.size : _HEAD_BYTES]
        try:
            return self._cipher(number, context).decrypt(nonce, sealed[_HEAD_BYTES:], context.encoded())
        except (InvalidTag, ValueError):
            # ValueError: too short to hold a nonce. The cause would add nothing.
            raise Tampered(f"{context.table}.{context.column} is not what was sealed there") from None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 of `data` under the key of `purpose`, after the number of the master key."""
        return self._mac(self._number, purpose, data)

    def verify(self, purpose: str, data: bytes, mac: bytes) -> bool:
        """Whether `mac` gave this for `data`, under whichever master key; raises `UnknownKey` if that is not here."""
        number = mac[: _NUMBER.size]
        if number not in self._master_keys:
            if len(mac) != _MAC_BYTES:
                return False
            raise UnknownKey(f"a MAC for {purpose} is made under another master key")
        return hmac.compare_digest(self._mac(number, purpose, data), mac)

    def _mac(self, number: bytes, purpose: str, data: bytes) -> bytes:
        keyed = self._macs.get((number, purpose))
        if keyed is None:
            keyed = KeyedHash(hashlib.sha256, self._derive(number, "mac", purpose))
            self._macs[number, purpose] = keyed
        return number + keyed.digest(data)

    def _cipher(self, number: bytes, context: Context) -> AESGCM:
        place = (number, context.table, context.column)
        cipher = self._ciphers.get(place)
        if cipher is None:
            cipher = self._ciphers[place] = AESGCM(self._derive(number, "seal", context.table, context.column))
        return cipher

    def _derive(self, number: bytes, *purpose: str) -> bytes:
        info = "/".join(("rw2fa", *purpose)).encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._master_keys[number].reveal())


def _unpacked(number: bytes) -> int:
    return int.from_bytes(number, "big")
