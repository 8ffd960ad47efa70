"""A file under a passphrase, written and read as a stream.

The key is drawn from the passphrase by scrypt (RFC 7914). The content is cut into chunks, each sealed by AES-256-GCM
with its number in the nonce and a mark on the last one (the construction STREAM of Hoang, Reyhanitabar, Rogaway and
Vizár, 2015): none can be altered, left out, put elsewhere or added, and an end that came too early is noticed. What
precedes the chunks is authenticated with each of them.
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret

MAGIC: Final = b"rw2fa backup 1\n"
"""Names the layout; another one has another number."""

COST: Final = 17
"""N = 2**17 of scrypt: 128 MiB and about half a second for each passphrase that is tried."""
COST_MIN: Final = 15
COST_MAX: Final = 20
"""What a file may ask for: 1 GiB, so that a forged one cannot take all memory."""
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
SALT_BYTES: Final = 16
KEY_BYTES: Final = 32

CHUNK_BYTES: Final = 64 * 1024
_TAG_BYTES: Final = 16
_HEAD: Final = struct.Struct(f">{len(MAGIC)}sB{SALT_BYTES}s")
_NONCE: Final = struct.Struct(">3xQB")
"""The number of the chunk, and whether it is the last. The key is the file's own, so that numbers do."""


class SealedWriter:
    """Writes to `stream` what is readable with the passphrase only. `close` has to be called, or it is cut short."""

    def __init__(self, stream: BinaryIO, passphrase: Secret, cost: int = COST) -> None:
        self._stream: Final = stream
        self._head: Final = _HEAD.pack(MAGIC, cost, os.urandom(SALT_BYTES))
        self._cipher: Final = _cipher(self._head, passphrase)
        self._number = 0
        self._waiting = b""
        stream.write(self._head)

    def write(self, content: bytes) -> None:
        """Take more of the content."""
        waiting = self._waiting + content
        # One is kept back, as the last is marked.
        while len(waiting) > CHUNK_BYTES:
            self._seal(waiting[:CHUNK_BYTES], last=False)
            waiting = waiting[CHUNK_BYTES:]
        self._waiting = waiting

    def close(self) -> None:
        """Write what is left, and the mark that this was all; leaves the stream open."""
        self._seal(self._waiting, last=True)

    def _seal(self, content: bytes, *, last: bool) -> None:
        self._stream.write(self._cipher.encrypt(_NONCE.pack(self._number, last), content, self._head))
        self._number += 1


def unsealed(stream: BinaryIO, passphrase: Secret) -> Iterator[bytes]:
    """The content of a file that `SealedWriter` wrote, in pieces.

    Raises `Problem` for a wrong passphrase, and where the file was altered or cut short: what came before is then not
    to be used. Raises `OSError`.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(MAGIC):
        raise Problem("this is no backup of rw2fa, or one of another version", "name a file that `rw2fa backup` made")
    _, cost, _ = _HEAD.unpack(head)
    if not COST_MIN <= cost <= COST_MAX:
        raise _damaged()
    cipher = _cipher(head, passphrase)
    number, sealed = 0, stream.read(CHUNK_BYTES + _TAG_BYTES)
    while True:
        following = stream.read(CHUNK_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_NONCE.pack(number, not following), sealed, head)
        except (InvalidTag, ValueError):
            if number == 0:
                raise Problem(
                    "the passphrase is wrong, or the backup was altered", "try again with the passphrase of this backup"
                ) from None
            raise _damaged() from None
        if not following:
            return
        number, sealed = number + 1, following


def _damaged() -> Problem:
    return Problem("the backup is damaged: it was altered or cut short", "take another copy, or an older backup")


def _cipher(head: bytes, passphrase: Secret) -> AESGCM:
    _, cost, salt = _HEAD.unpack(head)
    kdf = Scrypt(salt=salt, length=KEY_BYTES, n=2**cost, r=SCRYPT_R, p=SCRYPT_P)
    return AESGCM(kdf.derive(passphrase.reveal()))
