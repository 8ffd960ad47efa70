"""A site with 100,000 people: its state, a configuration that names them, and one that names four nested groups."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.accounts import name_of
from bench.paths import PYTHON, ROOT
from bench.verifier import BATCH, enrol
from rw2fa_daemon.store.store import Job, Store
from rw2fa_daemon.vault.master_key import create_master_key, load_master_key
from rw2fa_daemon.vault.vault import Vault

FIRST: Final = 100_000
"""The number of the first of them: who is in the crowds of libnss_bench.so.2."""
CROWDS: Final = ("crowd0", "crowd1", "crowd2", "crowd3")
_CONFIGURATION: Final = """\
# Who has to show a second factor.
enabled = true

[scope]
users = {users}
groups = {groups}

[paths]
state = "{state}"
socket = "{socket}"
master_key = "{folder}/master.key"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command cost, its children included."""

    seconds: float
    cpu_seconds: float


MAY_FIND: Final = ("doctor", "pam")
"""Commands whose status 1 says that something was found: the bench has no PAM lines in place."""


class People:
    """The site in `folder`, with `count` people who are enrolled."""

    def __init__(self, folder: Path, socket: Path, count: int) -> None:
        self.count = count
        self.folder = folder
        self.socket = socket
        folder.mkdir(parents=True)
        create_master_key(folder / "master.key")
        self._enrol()

    def names(self) -> list[str]:
        """Those of all of them."""
        return [name_of(number) for number in range(FIRST, FIRST + self.count)]

    def configuration(self, users: list[str], groups: tuple[str, ...] = (), state: str = "state") -> Path:
        """A file whose scope is this, written anew."""
        lines = "".join(f'    "{user}",\n' for user in users)
        path = self.folder / "rw2fa.toml"
        path.write_text(
            _CONFIGURATION.format(
                users=f"[\n{lines}]",
                groups=list(groups),
                folder=self.folder,
                state=self.folder / state,
                socket=self.socket,
            )
        )
        return path

    def empty_state(self, name: str) -> None:
        """Another state beside it in which nobody is."""
        self._open(name).close()

    def _open(self, name: str) -> Store:
        return Store.open(self.folder / name, Vault(load_master_key(self.folder / "master.key")), create=True)

    def _enrol(self) -> None:
        store = self._open("state")
        numbers = range(FIRST, FIRST + self.count)
        for start in range(0, len(numbers), BATCH):
            batch = numbers[start : start + BATCH]
            failed = [one for one in store.run([Job(name_of(n), enrol(n)) for n in batch]) if one is not None]
            if failed:
                raise RuntimeError(f"the store refused {len(failed)} accounts: {failed[0]}")
        store.close()

    def file_of(self, numbers: range) -> Path:
        """A file for `users add --from` with these people."""
        path = self.folder / f"names-{len(numbers)}"
        path.write_text("\n".join(map(name_of, numbers)))
        return path

    def run(self, *arguments: str) -> Ran:
        """Run `rw2fa` on the configuration, its output thrown away."""
        # As installed: compiled ahead, and writing in blocks.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        began = time.monotonic()
        process = subprocess.Popen(
            [PYTHON, "-m", "rw2fa_daemon.cli.main", "--config", self.folder / "rw2fa.toml", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode and arguments[0] not in MAY_FIND:
            raise RuntimeError(f"rw2fa {' '.join(arguments)} ended with status {process.returncode}")
        return Ran(time.monotonic() - began, usage.ru_utime + usage.ru_stime)
