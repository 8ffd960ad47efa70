"""Whatever root makes belongs to the daemon's user, so that the daemon can use it afterwards."""

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.vault.vault import Vault
from tests.integration.store.conftest import Start, finish, kill
from tests.integration.store.workers import KEY_NAME, STATE_NAME
from tests.unit.store.samples import NEW, put

NOBODY = (65534, 65534)

pytestmark = pytest.mark.usefixtures("root")


@pytest.fixture(autouse=True)
def loose_umask() -> Iterator[None]:
    umask = os.umask(0o022)
    yield
    os.umask(umask)


def owners(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Owner, group and mode of the folder and of the files in it."""
    found = {}
    for path in (folder, *folder.iterdir()):
        status = path.lstat()
        found[path.name] = (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))
    return found


ALL = {
    STATE_NAME: (*NOBODY, 0o700),
    "state.db": (*NOBODY, 0o600),
    "state.db-wal": (*NOBODY, 0o600),
    "state.db-shm": (*NOBODY, 0o600),
}


def test_a_state_that_root_makes_is_the_daemons(base: Path, vault: Vault, start: Start) -> None:
    with closing(Store.open(base / STATE_NAME, vault, create=True, owner=NOBODY)) as store:
        store.transact("new", put(NEW))
        assert owners(base / STATE_NAME) == ALL
        os.chown(base / KEY_NAME, *NOBODY)
        assert finish(as_nobody(start, "look")) == ["new"], "while root has it open"
    assert finish(as_nobody(start, "count", 3, 1)) == ["1", "2", "3"], "and afterwards"


@pytest.mark.parametrize("owner", [NOBODY, None])
def test_what_root_opens_while_the_daemon_is_down_stays_the_daemons(
    base: Path, vault: Vault, start: Start, owner: tuple[int, int] | None
) -> None:
    Store.open(base / STATE_NAME, vault, create=True, owner=NOBODY).close()
    assert set(owners(base / STATE_NAME)) == {STATE_NAME, "state.db"}, "the log goes with the last who uses it"
    for create in (False, True):
        with closing(Store.open(base / STATE_NAME, vault, create=create, owner=owner)) as store:
            store.transact("new", put(NEW))
            assert owners(base / STATE_NAME) == ALL
    os.chown(base / KEY_NAME, *NOBODY)
    assert finish(as_nobody(start, "count", 3, 1)) == ["1", "2", "3"]


def test_what_root_leaves_behind_when_it_is_killed_is_the_daemons(base: Path, vault: Vault, start: Start) -> None:
    with closing(Store.open(base / STATE_NAME, vault, create=True, owner=NOBODY)) as store:
        store.transact("new", put(NEW))
    counted = len(kill(start("count", 1_000_000, 1), 1))
    assert owners(base / STATE_NAME) == ALL
    os.chown(base / KEY_NAME, *NOBODY)
    assert int(finish(as_nobody(start, "count", 1, 1))[0]) > counted


def as_nobody(start: Start, *arguments: object) -> subprocess.Popen[str]:
    return start(*arguments, before=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))


@pytest.mark.parametrize("planted", ["state.db-wal", "state.db-shm"])
def test_a_link_that_the_daemons_user_planted_leads_root_nowhere(base: Path, vault: Vault, planted: str) -> None:
    Store.open(base / STATE_NAME, vault, create=True, owner=NOBODY).close()
    victim = base / "victim"
    victim.write_text("precious")
    (base / STATE_NAME / planted).symlink_to(victim)
    with pytest.raises(StateProblem, match=r"cannot be opened; look .*`ls -la"):
        Store.open(base / STATE_NAME, vault)
    assert victim.read_text() == "precious"
    assert victim.stat().st_uid == os.geteuid()
