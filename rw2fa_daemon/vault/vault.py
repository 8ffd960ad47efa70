"""Sealing and opening what is kept at rest (promise 7)."""

import hmac
import os
import struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rw2fa_daemon.vault.context import Context
from rw2fa_daemon.vault.master_key import KEY_BYTES, MasterKey

NONCE_BYTES: Final = 12
"""NIST SP 800-38D §8.2: 96 bits, drawn at random for each value."""
_NUMBER: Final = struct.Struct(">H")
_HEAD_BYTES: Final = _NUMBER.size + NONCE_BYTES


class Tampered(Exception):
    """A sealed value does not belong where it was found, was altered, or has another key."""


class Vault:
    """AES-256-GCM under keys that HKDF-SHA256 (RFC 5869) draws from the master key.

    Each table and column has a key of its own, and so has each purpose of `mac`. What comes out
    of `seal` and `mac` starts with the number of the master key, two bytes, big-endian.
    """

    __slots__ = ("_ciphers", "_mac_keys", "_master_key", "_number")

    def __init__(self, master_key: MasterKey) -> None:
        self._master_key: Final = master_key
        self._number: Final = _NUMBER.pack(master_key.number)
        # Made once for each purpose: deriving one takes longer than the whole rest of a login.
        self._ciphers: Final[dict[tuple[str, str], AESGCM]] = {}
        self._mac_keys: Final[dict[str, bytes]] = {}

    def __repr__(self) -> str:
        return f"Vault(key {self._master_key.number})"

    def seal(self, plain: bytes, context: Context) -> bytes:
        """`plain` encrypted, to be opened in the same context only."""
        nonce = os.urandom(NONCE_BYTES)
        return self._number + nonce + self._cipher(context).encrypt(nonce, plain, context.encoded())

    def open(self, sealed: bytes, context: Context) -> bytes:
        """What was sealed in this context; raises `Tampered` otherwise."""
        if sealed[: _NUMBER.size] != self._number:
            raise Tampered(f"{context.table}.{context.column} is sealed under another master key")
        nonce = sealed[_NUMBER.size : _HEAD_BYTES]
        try:
            return self._cipher(context).decrypt(nonce, sealed[_HEAD_BYTES:], context.encoded())
        except (InvalidTag, ValueError):
            # ValueError: too short to hold a nonce. The cause would add nothing.
            raise Tampered(f"{context.table}.{context.column} is not what was sealed there") from None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 of `data` under the key of `purpose`, after the number of the master key."""
        key = self._mac_keys.get(purpose)
        if key is None:
            key = self._mac_keys[purpose] = self._derive("mac", purpose)
        return self._number + hmac.digest(key, data, "sha256")

    def _cipher(self, context: Context) -> AESGCM:
        place = (context.table, context.column)
        cipher = self._ciphers.get(place)
        if cipher is None:
            cipher = self._ciphers[place] = AESGCM(self._derive("seal", *place))
        return cipher

    def _derive(self, *purpose: str) -> bytes:
        info = "/".join(("rw2fa", *purpose)).encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._master_key.key.reveal())
