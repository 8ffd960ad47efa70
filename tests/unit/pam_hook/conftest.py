"""The built module, and what a test needs around it."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.pam_hook.hook import Hook, Spy
from tests.unit.pam_hook.pure import Pure

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def build() -> Path:
    """Folder of pam_rw2fa.so and of the parts for tests, all up to date. RW2FA_HOOK_BUILD names one that is."""
    given = os.environ.get("RW2FA_HOOK_BUILD")
    if given is not None:
        return Path(given)
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    # One at a time: each process of a parallel run comes by here.
    with (folder / ".hook.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(
            ["make", "-C", ROOT / "pam_hook", "test-parts"], capture_output=True, text=True, check=False
        )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="session")
def pure(build: Path) -> Pure:
    return Pure(build / "tests" / "pure.so")


@pytest.fixture(scope="session")
def _spy(build: Path) -> Spy:
    return Spy(build / "tests" / "syslog_spy.so")


@pytest.fixture
def spy(_spy: Spy) -> Iterator[Spy]:
    """What the hook logs in this test."""
    _spy.take()
    yield _spy
    _spy.fail_set_data(0)
    _spy.take()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: a socket's path has 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="hook-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def hook(build: Path, spy: Spy, folder: Path) -> Hook:
    if os.geteuid() != 0:
        pytest.skip("the hook trusts a socket in a folder of root only: run as root")
    return Hook(build, spy, folder)
