"""A state of its own for each test."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.master_key import MasterKey
from rw2fa_daemon.vault.vault import Vault


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(MasterKey(1, Secret(bytes(range(32)))))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store(folder: Path, vault: Vault) -> Iterator[Store]:
    with closing(Store.open(folder, vault, create=True)) as store:
        yield store


@pytest.fixture
def raw(folder: Path, store: Store) -> Iterator[sqlite3.Connection]:
    """Somebody who writes to the state without the key."""
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as connection:
        yield connection
