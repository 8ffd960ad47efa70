"""The short memory for records: never another answer than without it, and bounded."""

import pytest

from rw2fa_daemon.store import decoder
from rw2fa_daemon.store.decoder import Decoder
from rw2fa_daemon.store.problem import StateProblem
from rw2fa_daemon.store.record import Stored, encode
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.samples import ALICE, BOB, NEW

Row = tuple[object, ...]


def row_of(stored: Stored) -> Row:
    """As `select_record` gives it."""
    return (*stored.fixed, *stored.counters, stored.seal, stored.revision)


def other(value: object) -> object:
    """Something that a database might give in place of a value."""
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, int):
        return value + 1
    return f"{value}x"


def test_promise_7_each_altered_column_of_a_remembered_record_is_noticed(vault: Vault) -> None:
    row = row_of(encode(vault, "alice", None, ALICE))
    remembering = Decoder(vault)
    sound = remembering.decode("alice", row)
    assert sound is not None
    assert sound.account == ALICE
    for at, value in enumerate(row):
        with pytest.raises(StateProblem):
            remembering.decode("alice", (*row[:at], other(value), *row[at + 1 :]))
        assert remembering.decode("alice", row) == sound


def test_promise_7_a_remembered_record_is_not_taken_for_somebody_elses(vault: Vault) -> None:
    row = row_of(encode(vault, "alice", None, ALICE))
    remembering = Decoder(vault)
    remembering.decode("alice", row)
    with pytest.raises(StateProblem):
        remembering.decode("bob", row)


def test_a_changed_and_a_deleted_record_are_read_anew(vault: Vault) -> None:
    first = encode(vault, "alice", None, ALICE)
    remembering = Decoder(vault)
    remembering.decode("alice", row_of(first))
    changed = encode(vault, "alice", first, ALICE.unlocked())
    assert remembering.decode("alice", row_of(changed)) == changed
    assert remembering.decode("alice", (None,) * len(row_of(first))) is None


def test_an_unchanged_record_is_recognised(vault: Vault) -> None:
    stored = encode(vault, "alice", None, ALICE)
    remembering = Decoder(vault)
    assert remembering.decode("alice", row_of(stored)) is remembering.decode("alice", row_of(stored))


def test_promise_11_only_so_many_records_are_kept(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "RECORDS_MAX", 1)
    rows = {account.name: row_of(encode(vault, account.name, None, account)) for account in (ALICE, BOB)}
    remembering = Decoder(vault)
    first = remembering.decode("alice", rows["alice"])
    remembering.decode("bob", rows["bob"])
    again = remembering.decode("alice", rows["alice"])
    assert again == first
    assert again is not first


def test_a_record_that_changed_is_the_latest_again(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "RECORDS_MAX", 2)
    first = encode(vault, "alice", None, ALICE)
    changed = row_of(encode(vault, "alice", first, ALICE.unlocked()))
    remembering = Decoder(vault)
    remembering.decode("alice", row_of(first))
    remembering.decode("bob", row_of(encode(vault, "bob", None, BOB)))
    recent = remembering.decode("alice", changed)
    remembering.decode("new", row_of(encode(vault, "new", None, NEW)))
    assert remembering.decode("alice", changed) is recent
