"""Promise 7: a server that may lack commits is noticed, and no code from before counts."""

from contextlib import closing
from itertools import chain, repeat

import pytest

from rw2fa_daemon.store import incarnation
from rw2fa_daemon.store.engine import Connection
from rw2fa_daemon.store.sqlite.connection import SqliteConnection
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.vault import Vault
from tests.unit.store.place import ONLY_SQLITE, Raw

pytestmark = ONLY_SQLITE
NOW = 1_800_000_000


@pytest.fixture
def connection(store: Store, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """A connection to a server, as far as it says."""
    runs_on(monkeypatch, "7/00000001")
    assert store._connection is not None
    return store._connection


def runs_on(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setattr(SqliteConnection, "incarnation", lambda _self: server)


def test_a_state_without_a_server_has_nothing_to_settle(
    store: Store, connection: Connection, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_on(monkeypatch, "")
    assert incarnation.settle(connection, vault, NOW) == ""
    incarnation.note(connection, vault)
    assert connection.meta(incarnation.KEY) is None
    assert store.floor() == 0


def test_a_new_state_notes_its_server_and_raises_no_alarm(store: Store, connection: Connection, vault: Vault) -> None:
    with connection.transaction():
        incarnation.note(connection, vault)
    assert incarnation.settle(connection, vault, NOW) == ""
    assert store.floor() == 0


def test_another_server_or_timeline_raises_the_floor_once(
    store: Store, connection: Connection, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.transaction():
        incarnation.note(connection, vault)
    runs_on(monkeypatch, "7/00000002")
    told = incarnation.settle(connection, vault, NOW)
    assert "(7/00000002; it was 7/00000001)" in told
    assert "codes from before do not count any more" in told
    assert store.floor() == NOW
    assert incarnation.settle(connection, vault, NOW + 1) == ""
    assert store.floor() == NOW


@pytest.mark.parametrize("forged", [None, "X'00'", "'text'"])
def test_a_note_that_was_removed_or_altered_counts_as_another_server(
    store: Store, connection: Connection, vault: Vault, raw: Raw, forged: str | None
) -> None:
    with connection.transaction():
        incarnation.note(connection, vault)
    raw.execute(
        f"UPDATE meta SET value = {forged} WHERE key = 'incarnation'"  # noqa: S608
        if forged
        else "DELETE FROM meta WHERE key = 'incarnation'"
    )
    assert "it was nobody knows which any more" in incarnation.settle(connection, vault, NOW)
    assert store.floor() == NOW
    assert incarnation.settle(connection, vault, NOW) == ""


def test_of_two_hosts_that_notice_at_once_one_raises_the_floor(
    store: Store, connection: Connection, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = chain(["7/00000000"], repeat("7/00000001"))
    monkeypatch.setattr(incarnation, "_known", lambda *_: next(known))
    with closing(store):
        assert incarnation.settle(connection, vault, NOW) == ""
        assert store.floor() == 0
