"""A state, and processes that use it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.store.store import Store
from rw2fa_daemon.vault.master_key import create_master_key, load_master_key
from rw2fa_daemon.vault.vault import Vault
from tests.integration.store.workers import KEY_NAME, STATE_NAME, URL_NAME, database_of
from tests.support.postgresql import Cluster
from tests.unit.store.samples import NEW, put

REPOSITORY = Path(__file__).parents[3]

Start = Callable[..., subprocess.Popen[str]]


BOTH_ENGINES = pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """Where the state is: in SQLite, unless a test says otherwise."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def base(kind: str, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder with a master key in it, and the state to be; other users can reach it."""
    base = Path(tempfile.mkdtemp(prefix="rw2fa-state-"))
    base.chmod(0o755)
    create_master_key(base / KEY_NAME)
    if kind == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.empty()
        (base / URL_NAME).write_text(cluster.url)
    yield base
    shutil.rmtree(base)


@pytest.fixture
def vault(base: Path) -> Vault:
    return Vault(load_master_key(base / KEY_NAME))


@pytest.fixture
def state(base: Path, vault: Vault) -> Path:
    """The folder of a state with one account, `new`, that nobody has open."""
    with closing(Store.open(base / STATE_NAME, vault, create=True, database=database_of(base))) as store:
        store.transact("new", put(NEW))
    return base / STATE_NAME


@pytest.fixture
def start(base: Path) -> Iterator[Start]:
    """Starts one of the programs in workers.py; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        command = [*before, sys.executable, "-m", "tests.integration.store.workers", *map(str, (base, *arguments))]
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str]) -> list[str]:
    """The lines that a program printed; it must have ended well."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output.split()


def kill(process: subprocess.Popen[str], lines: int) -> list[str]:
    """What a program printed that is killed after so many lines, as far as the lines are whole."""
    assert process.stdout is not None
    assert process.stderr is not None
    output = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    # Not communicate(), which leaves out what readline() has read ahead.
    output += process.stdout.readlines()
    assert process.stderr.read() == ""
    process.wait()
    return [line.strip() for line in output if line.endswith("\n")]


@pytest.fixture
def root() -> None:
    """Skips for other users: only root can give files away."""
    if os.geteuid() != 0:
        pytest.skip("only root can make files for another user")
