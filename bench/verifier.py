"""rw2fa itself: a daemon of its own for each size and setting that is measured."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.accounts import GROUP, name_of, secret_of, uid_of
from bench.load import Load, run, write_stack
from bench.paths import HOOK, PYTHON, ROOT
from rw2fa_daemon.core.account import Account, Counters, Credential
from rw2fa_daemon.core.database import Database
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.rollback_detector import marker_file
from rw2fa_daemon.store.store import Job, Store
from rw2fa_daemon.vault.master_key import create_master_key, load_master_key
from rw2fa_daemon.vault.vault import Vault

READY_SECONDS: Final = 10.0
"""How long a daemon may take to start before the bench gives up."""
BATCH: Final = 2_000
"""Accounts written in one transaction."""

CONFIGURATION: Final = """\
enabled = true

[scope]
groups = ["{group}"]

[settings]
discrepancy = {discrepancy}

[paths]
state = "{folder}/state"
socket = "{folder}/run/pam.sock"
master_key = "{folder}/master.key"
"""

Work = Callable[[Account | None], tuple[Account | None, None]]


class Verifier:
    """A state with `enrolled` people, and the stack whose hook asks the daemon that serves it."""

    asks = True

    def __init__(
        self, folder: Path, *, enrolled: int, discrepancy: int, more: str = "", key: Path | None = None
    ) -> None:
        """`more` is added to the configuration; `key` is the master key of another host."""
        self.name = f"rw2fa, discrepancy {discrepancy}, {enrolled:,} users"
        self.enrolled = enrolled
        self._folder = folder / f"rw2fa-{discrepancy}-{enrolled}{'-more' * bool(more)}"
        (self._folder / "run").mkdir(parents=True)
        self.config = self._folder / "rw2fa.toml"
        self.config.write_text(CONFIGURATION.format(group=GROUP, discrepancy=discrepancy, folder=self._folder) + more)
        if key is None:
            create_master_key(self.key)
        else:
            self.key.write_bytes(key.read_bytes())
            self.key.chmod(0o600)
        self.confdir = write_stack(self._folder / "pam.d", f"[{HOOK}] socket={self._folder}/run/pam.sock")
        self.directory_confdir = write_stack(
            self._folder / "pam.d-key", f"[{HOOK}] socket={self._folder}/run/pam.sock slot=key"
        )
        """A stack that makes the daemon look somebody up, and no more: no first factor was shown."""
        self._daemon: Daemon | None = None
        self._store = self._open(create=True)
        # As `rw2fa init` does: to a host that joins others, a missing mark means a state that may be an older one.
        self._store.begin_marker(marker_file(self._folder / "state"))
        self._write(range(enrolled), enrol)

    @property
    def key(self) -> Path:
        """Its master key."""
        return self._folder / "master.key"

    @property
    def socket(self) -> Path:
        """Where its daemon listens."""
        return self._folder / "run" / "pam.sock"

    def _open(self, *, create: bool) -> Store:
        vault = Vault(load_master_key(self.key))
        return Store.open(self._folder / "state", vault, create=create, database=self._database)

    @property
    def _database(self) -> Database | None:
        """Where the people are, if not in the folder."""
        return None

    def _write(self, users: range, work_for: Callable[[int], Work]) -> None:
        for start in range(users.start, users.stop, BATCH):
            batch = range(start, min(start + BATCH, users.stop))
            failed = [
                result
                for result in self._store.run([Job(name_of(n), work_for(n)) for n in batch])
                if result is not None
            ]
            if failed:
                raise RuntimeError(f"the store refused {len(failed)} accounts: {failed[0]}")

    def refresh(self, users: range) -> None:
        """Forgets the used codes, failures and locks of `users`."""
        self._write(users, lambda _: forget_logins)

    @contextmanager
    def running(self) -> Iterator["Daemon"]:
        """Its daemon, until the block ends."""
        with start_daemon(self.config, self._folder / "notify.sock") as daemon:
            self._daemon = daemon
            yield daemon
        self._daemon = None

    def cpu_seconds(self) -> float:
        """That of its daemon."""
        return self._daemon.cpu_seconds() if self._daemon else 0.0


class KnownToDirectory:
    """A verifier that has looked everybody up just before, as for the second login in a row."""

    asks = True

    def __init__(self, verifier: Verifier) -> None:
        self.name = f"{verifier.name}, known to the directory"
        self.confdir = verifier.confdir
        self._verifier = verifier

    def refresh(self, users: range) -> None:
        """Forgets their logins and has them looked up."""
        self._verifier.refresh(users)
        run(self._verifier.directory_confdir, Load(1, users))

    def cpu_seconds(self) -> float:
        """That of its daemon."""
        return self._verifier.cpu_seconds()


def enrol(number: int) -> Work:
    """What makes person `number` enrolled, with the secret that the load generator derives."""

    def work(_: Account | None) -> tuple[Account, None]:
        credential = Credential(Secret(secret_of(number)), active=True, created_at=int(time.time()))
        return Account(name_of(number), uid_of(number), secrets.randbits(62), credential=credential), None

    return work


def forget_logins(account: Account | None) -> tuple[Account | None, None]:
    """What makes a person somebody who enrolled and never logged in."""
    return account and replace(account, counters=Counters()), None


class Daemon:
    """A running daemon, and what its start cost."""

    def __init__(self, pid: int, ready_seconds: float) -> None:
        self.pid = pid
        self.ready_seconds = ready_seconds

    def processes(self) -> list[int]:
        """It and its descendants."""
        found = [self.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found.extend(map(int, children.read_text().split()))
        return found

    def resident_bytes(self) -> int:
        """What all its processes have in memory; pages they share count for each (VmRSS, proc(5))."""
        return sum(_kilobytes(Path(f"/proc/{pid}/status"), "VmRSS:") for pid in self.processes()) * 1024

    def proportional_bytes(self) -> int:
        """The same with shared pages divided among those that share them (Pss, proc(5))."""
        return sum(proportional_bytes(pid) for pid in self.processes())

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far (proc(5))."""
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def proportional_bytes(pid: int) -> int:
    """What one process has in memory, its part of shared pages included (Pss, proc(5))."""
    return _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") * 1024


def _kilobytes(file: Path, key: str) -> int:
    return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.startswith(key))


@contextmanager
def start_daemon(config: Path, notify: Path) -> Iterator[Daemon]:
    """The daemon for `config`, from its READY=1 (sd_notify(3)) on; it is told to stop when the block ends."""
    notify.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(notify))
        notified.settimeout(READY_SECONDS)
        began = time.monotonic()
        with subprocess.Popen(
            [PYTHON, "-m", "rw2fa_daemon.service.main", "--config", config],
            cwd=ROOT,
            # The threshold is what systemd/rw2fad.service sets.
            env={**os.environ, "NOTIFY_SOCKET": str(notify), "MALLOC_MMAP_THRESHOLD_": "131072"},
        ) as process:
            try:
                while b"READY=1" not in notified.recv(4096).split(b"\n"):
                    pass
                # A queue that nobody reads would fill, and stop the daemon at its next reload.
                notified.close()
                yield Daemon(process.pid, time.monotonic() - began)
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(READY_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
