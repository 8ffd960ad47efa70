"""A disk that is full, read-only or failing: everybody is refused, nothing is lost, and it passes by itself."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account
from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.integration.store.conftest import REPOSITORY
from tests.integration.store.workers import fail_once
from tests.unit.store.samples import NEW, look

NAMESPACE = ("unshare", "--mount", "--propagation", "private")


@pytest.fixture
def small_disk(base: Path) -> None:
    """Skips where no file system can be mounted."""
    tried = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", base], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip("no mount namespace can be made here")


def run_on_small_disk(base: Path, program: str) -> None:
    """Runs a program of small_disk.py in a mount namespace of its own, in which a disk of 1 MiB is on `base`/disk."""
    (base / "disk").mkdir()
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.integration.store.small_disk", program, base],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.namespaces
@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("program", ["fill", "fill_before_opening", "read_only"])
def test_promise_1_a_disk_that_takes_nothing_refuses_everybody_and_loses_nobody(base: Path, program: str) -> None:
    run_on_small_disk(base, program)


@pytest.fixture
def no_growth() -> Iterator[None]:
    """Files cannot grow: writing fails as on a failing disk, and root is no exception."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("no_growth")
def test_promise_1_a_disk_that_fails_refuses_everybody_and_the_store_recovers(state: Path, vault: Vault) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(Store.open(state, vault)) as store:
        assert store.transact("new", fail_once) == 1
        for _ in range(3):
            failed = store._ready()
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
            results = store.run([Job("new", fail_once), Job("other", make_other), Job("new", fail_once)])
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            assert {type(result) for result in results} == {StateProblem}
            assert "reading or writing the state in " in str(results[0])
            assert store._ready() is not failed, "the files are opened anew, whatever became of them"
        assert store.transact("new", fail_once) == 2
        assert store.transact("other", look) is None


def make_other(stored: Account | None) -> tuple[Account | None, int]:
    return replace(NEW, name="other"), 0
