"""Programs for test_disk.py that run in a mount namespace of their own.

`python -m tests.integration.store.small_disk PROGRAM BASE` mounts a disk of 1 MiB on BASE/disk, which must be there.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from rw2fa_daemon.store.store import Job, StateProblem, Store
from rw2fa_daemon.vault.master_key import load_master_key
from rw2fa_daemon.vault.vault import Vault
from tests.integration.store.workers import KEY_NAME, fail_once
from tests.unit.store.samples import NEW, put


def fill(disk: Path, vault: Vault) -> None:
    """The disk fills up under a store that is open."""
    with closing(made(disk, vault)) as store:
        for _ in range(3):
            before = failures(store)
            fill_up(disk)
            acknowledged = before
            while not isinstance(results := store.run([Job("new", fail_once)] * 3)[0], StateProblem):
                acknowledged += 3
                assert acknowledged < before + 30_000
            said(results, rf"^the disk of {disk}/state is full; make room there")
            refused = store.run([Job("new", fail_once), Job("other", put(replace(NEW, name="other")))])
            assert all(isinstance(result, StateProblem) for result in refused), refused
            assert failures(store) == acknowledged, "what was acknowledged, and no more"
            (disk / "filler").unlink()
            assert store.transact("new", fail_once) == acknowledged + 1
            assert store.read("other") is None


def fill_before_opening(disk: Path, vault: Vault) -> None:
    """The disk is full when the store is opened."""
    made(disk, vault).close()
    fill_up(disk)
    try:
        Store.open(disk / "state", vault)
    except StateProblem as problem:
        said(problem, "full|failed|cannot be opened")
    else:
        raise AssertionError("nothing was said")
    (disk / "filler").unlink()
    with closing(Store.open(disk / "state", vault)) as store:
        assert store.transact("new", fail_once) == 1


def read_only(disk: Path, vault: Vault) -> None:
    """The disk is read-only when the store is opened."""
    made(disk, vault).close()
    remount(disk, "ro")
    try:
        Store.open(disk / "state", vault)
    except StateProblem as problem:
        said(problem, rf"^the state in {disk}/state can be read but not written; look whether .* mounted read-only")
    else:
        raise AssertionError("nothing was said")
    remount(disk, "rw")
    with closing(Store.open(disk / "state", vault)) as store:
        assert store.transact("new", fail_once) == 1


def made(disk: Path, vault: Vault) -> Store:
    store = Store.open(disk / "state", vault, create=True)
    store.transact("new", put(NEW))
    return store


def failures(store: Store) -> int:
    account = store.read("new")
    assert account is not None
    return account.counters.failures


def fill_up(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            return


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def said(problem: object, expected: str) -> None:
    assert re.search(expected, str(problem)), problem


PROGRAMS: Final[dict[str, Callable[[Path, Vault], None]]] = {
    program.__name__: program for program in (fill, fill_before_opening, read_only)
}


def main() -> None:
    what, base = sys.argv[1:]
    disk = Path(base, "disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    PROGRAMS[what](disk, Vault(load_master_key(Path(base, KEY_NAME))))


if __name__ == "__main__":
    main()
