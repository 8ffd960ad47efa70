"""A state of its own for each test, on each engine."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.master_key import MasterKey
from rw2fa_daemon.vault.vault import Vault
from tests.support.postgresql import Cluster
from tests.unit.store.place import KINDS, Raw, ScopeResult


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(MasterKey(1, Secret(bytes(range(32)))))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def place(kind: str, folder: Path, request: pytest.FixtureRequest) -> ScopeResult:
    if kind == "sqlite":
        return ScopeResult(folder, None)
    cluster: Cluster = request.getfixturevalue("cluster")
    cluster.empty()
    return ScopeResult(folder, cluster)


@pytest.fixture
def store(place: ScopeResult, vault: Vault) -> Iterator[Store]:
    with closing(place.open(vault, create=True)) as store:
        yield store


@pytest.fixture
def raw(place: ScopeResult, store: Store) -> Iterator[Raw]:
    """Somebody who writes to the state without the key."""
    with place.raw() as raw:
        yield raw
