"""Secrets of the installation come back as they were kept, and lie sealed."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.support.health_checks import suppressed
from tests.unit.store.place import ONLY_SQLITE, Raw, ScopeResult
from tests.unit.store.samples import TEXT

TOKEN = b"0123456789abcdef0123456789abcdef"


@settings(suppress_health_check=suppressed(HealthCheck.function_scoped_fixture))
@given(TEXT.filter(bool), st.binary(), st.binary())
def test_what_was_kept_last_comes_back(store: Store, name: str, first: bytes, second: bytes) -> None:
    store.forget_secret(name)
    assert store.secret(name) is None
    for value in (first, second):
        store.keep_secret(name, Secret(value))
        assert store.secret(name) == Secret(value)


def test_what_is_kept_outlives_the_process_and_can_be_forgotten(place: ScopeResult, store: Store, vault: Vault) -> None:
    store.keep_secret("twilio_token", Secret(TOKEN))
    store.close()
    with closing(place.open(vault)) as again:
        assert again.secret("twilio_token") == Secret(TOKEN)
        again.forget_secret("twilio_token")
        assert again.secret("twilio_token") is None


def test_a_name_meets_nothing_else_that_the_state_remembers(place: ScopeResult, store: Store, vault: Vault) -> None:
    for name in ("key_check", "floor_step", "scope_seal"):
        store.keep_secret(name, Secret(b"x"))
    store.close()
    with closing(place.open(vault)) as again:
        assert again.floor() == 0


@ONLY_SQLITE
def test_promise_7_a_kept_secret_lies_sealed(folder: Path, store: Store) -> None:
    store.keep_secret("twilio_token", Secret(TOKEN))
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"kept:twilio_token" in content
    assert TOKEN not in content


def test_promise_7_a_kept_secret_that_was_altered_or_moved_is_noticed(store: Store, raw: Raw) -> None:
    store.keep_secret("twilio_token", Secret(TOKEN))
    store.keep_secret("other", Secret(b"y"))
    for wrong in ("X'00'", "'text'", "(SELECT value FROM meta WHERE key = 'kept:other')"):
        raw.execute(f"UPDATE meta SET value = {wrong} WHERE key = 'kept:twilio_token'")  # noqa: S608 -- constants
        with pytest.raises(StateProblem, match="twilio_token"):
            store.secret("twilio_token")
