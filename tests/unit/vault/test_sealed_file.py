"""A file under a passphrase: nothing of it can be read without, altered, left out, moved or added."""

import hashlib
import struct
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.vault.sealed_file import CHUNK_BYTES, COST_MAX, COST_MIN, MAGIC, SealedWriter, unsealed

PASSPHRASE = Secret(b"correct horse battery")
HEAD = len(MAGIC) + 1 + 16
SEALED_CHUNK = CHUNK_BYTES + 16


def sealed(content: bytes, pieces: int = 1) -> bytes:
    stream = BytesIO()
    writer = SealedWriter(stream, PASSPHRASE, COST_MIN)
    size = max(1, -(-len(content) // pieces))
    for at in range(0, len(content), size):
        writer.write(content[at : at + size])
    writer.close()
    return stream.getvalue()


def opened(file: bytes, passphrase: Secret = PASSPHRASE) -> bytes:
    return b"".join(unsealed(BytesIO(file), passphrase))


LONG = bytes(range(256)) * (CHUNK_BYTES // 256) * 3 + b"end"
FILE = sealed(LONG)


@pytest.mark.parametrize(
    ("length", "pieces"),
    [
        *((length, 1) for length in (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, len(LONG))),
        *((length, 7) for length in (CHUNK_BYTES, CHUNK_BYTES + 1, len(LONG))),
    ],
)
def test_what_was_written_is_read(length: int, pieces: int) -> None:
    assert opened(sealed(LONG[:length], pieces)) == LONG[:length]


def test_promise_7_nothing_of_the_content_is_in_the_file() -> None:
    assert LONG[:16] not in FILE
    assert sealed(LONG) != FILE


def test_promise_7_a_wrong_passphrase_opens_nothing() -> None:
    with pytest.raises(Problem, match="the passphrase is wrong, or the backup was altered"):
        opened(FILE, Secret(b"wrong horse battery"))


@settings(max_examples=20)
@given(st.data())
def test_promise_7_no_bit_can_be_changed(data: st.DataObject) -> None:
    altered = bytearray(FILE)
    at = data.draw(st.integers(0, len(FILE) - 1))
    # What it may cost is bounded; at the most it would take a while here.
    altered[at] ^= 1 << data.draw(st.integers(0, 7)) if at != len(MAGIC) else 0x80
    with pytest.raises(Problem):
        opened(bytes(altered))


@pytest.mark.parametrize(
    "cut", [0, HEAD, HEAD + 5, HEAD + SEALED_CHUNK, HEAD + 2 * SEALED_CHUNK, HEAD + 3 * SEALED_CHUNK, len(FILE) - 1]
)
def test_promise_7_an_end_that_comes_too_early_is_noticed(cut: int) -> None:
    with pytest.raises(Problem):
        opened(FILE[:cut])


def test_promise_7_chunks_cannot_be_left_out_moved_or_added() -> None:
    head, chunks = FILE[:HEAD], [FILE[at : at + SEALED_CHUNK] for at in range(HEAD, len(FILE), SEALED_CHUNK)]
    first, second, third, last = chunks
    other = sealed(LONG)[HEAD:]
    for order in (
        [second, first, third, last],
        [first, third, last],
        [first, second, last],
        [first, second, third, third, last],
        [first, second, third, last, last],
        [first, second, third, last, b"x"],
        [other],
    ):
        with pytest.raises(Problem):
            opened(head + b"".join(order))


@pytest.mark.parametrize("cost", [0, COST_MIN - 1, COST_MAX + 1, 255])
def test_promise_11_a_file_cannot_ask_for_any_amount_of_memory(cost: int) -> None:
    with pytest.raises(Problem, match="damaged"):
        opened(FILE[: len(MAGIC)] + bytes([cost]) + FILE[len(MAGIC) + 1 :])


@pytest.mark.parametrize("file", [b"", b"SQLite format 3\0", MAGIC, MAGIC.replace(b"1", b"2") + FILE[len(MAGIC) :]])
def test_what_is_no_backup_is_called_that(file: bytes) -> None:
    with pytest.raises(Problem, match="no backup of rw2fa, or one of another version"):
        opened(file)


def test_a_file_that_another_program_made_by_the_layout_is_read() -> None:
    """Backups outlive versions: the layout is written down here once more."""
    head = b"rw2fa backup 1\n" + bytes([15]) + bytes(range(16))
    key = hashlib.scrypt(PASSPHRASE.reveal(), salt=bytes(range(16)), n=2**15, r=8, p=1, maxmem=2**26, dklen=32)
    chunks = [LONG[:65536], LONG[65536:131072], b"end"]
    nonces = [b"\0\0\0" + struct.pack(">Q", number) + bytes([number == 2]) for number in range(3)]
    sealed_chunks = [AESGCM(key).encrypt(nonce, chunk, head) for nonce, chunk in zip(nonces, chunks, strict=True)]
    assert opened(head + b"".join(sealed_chunks)) == b"".join(chunks)


def test_a_file_is_written_in_chunks_of_64_kib() -> None:
    assert len(sealed(b"x" * 65536)) == HEAD + 65536 + 16
    assert len(sealed(b"x" * 65537)) == HEAD + 65537 + 2 * 16


def test_a_passphrase_costs_128_mib_a_try_and_a_file_may_ask_for_32_mib_to_1_gib() -> None:
    stream = BytesIO()
    SealedWriter(stream, PASSPHRASE)
    assert stream.getvalue()[len(MAGIC)] == 17
    assert (COST_MIN, COST_MAX) == (15, 20)


def test_a_passphrase_that_is_right_with_a_damaged_end_is_not_called_wrong() -> None:
    with pytest.raises(Problem, match="the backup is damaged: it was altered or cut short"):
        opened(FILE[:-1])
