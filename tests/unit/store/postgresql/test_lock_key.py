"""The advisory lock of a name."""

import hashlib

from rw2fa_daemon.store.postgresql.connection import _lock_key


def test_hosts_agree_on_the_lock_of_a_name() -> None:
    """A number that is written down: hosts of two versions lock the same."""
    assert _lock_key("alice") == int.from_bytes(hashlib.blake2b(b"alice", digest_size=8).digest(), "big", signed=True)
    assert _lock_key("alice") != _lock_key("Alice")
    assert _lock_key("a\0b") is None
    assert _lock_key("\udcff") is None
