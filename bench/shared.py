"""rw2fa on one host or two, with the state in a PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.load import Load, Outcome, run
from bench.verifier import Daemon, Verifier
from rw2fa_daemon.core.database import Database
from tests.support.postgresql import Cluster

SETTINGS: Final = {"autovacuum": "on", "full_page_writes": "on", "jit": "on", "shared_buffers": "128MB"}
"""What PostgreSQL has by itself, in place of what is quicker for tests."""


class SharedVerifier(Verifier):
    """A verifier whose people are in a database."""

    def __init__(
        self, folder: Path, cluster: Cluster, *, enrolled: int, discrepancy: int, like: Verifier | None = None
    ) -> None:
        """`like` is another host of the same state, on which the people are enrolled already."""
        self._cluster = cluster
        folder.mkdir(exist_ok=True)
        super().__init__(
            folder,
            enrolled=0 if like else enrolled,
            discrepancy=discrepancy,
            more=f'\n[database]\nurl = "{cluster.url}"\n',
            key=like.key if like else None,
        )
        self.enrolled = enrolled
        self.name = f"rw2fa, discrepancy {discrepancy}, {enrolled:,} users, PostgreSQL"

    @property
    def _database(self) -> Database | None:
        return self._cluster.database


class Hosts:
    """Two verifiers on one database, each with half of the clients."""

    asks = True

    def __init__(self, first: Verifier, second: Verifier) -> None:
        self.name = f"{first.name}, two hosts"
        self.confdir = first.confdir
        self._hosts = (first, second)

    def refresh(self, users: range) -> None:
        """Forgets the logins of `users`."""
        self._hosts[0].refresh(users)

    def run(self, load: Load) -> Outcome:
        """Half of the load through each; a single client goes to the first."""
        if load.clients == 1:
            return run(self.confdir, load)
        middle = load.users.start + len(load.users) // 2
        halves = (range(load.users.start, middle), range(middle, load.users.stop))
        loads = [replace(load, clients=load.clients // 2, users=users) for users in halves]
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda pair: run(pair[0].confdir, pair[1]), zip(self._hosts, loads, strict=True))
        return together(first, second)

    def cpu_seconds(self) -> float:
        """That of both daemons."""
        return sum(host.cpu_seconds() for host in self._hosts)

    @contextmanager
    def running(self) -> Iterator[list[Daemon]]:
        """Both daemons, until the block ends."""
        with ExitStack() as stack:
            yield [stack.enter_context(host.running()) for host in self._hosts]


def together(first: Outcome, second: Outcome) -> Outcome:
    """Two runs at the same time as one. The percentiles are the means of theirs: halves of one load."""
    returned = dict(first.returned)
    for code, count in second.returned.items():
        returned[code] = returned.get(code, 0) + count
    return Outcome(
        logins=first.logins + second.logins,
        seconds=max(first.seconds, second.seconds),
        cpu_seconds=first.cpu_seconds + second.cpu_seconds,
        p50_us=(first.p50_us + second.p50_us) / 2,
        p99_us=(first.p99_us + second.p99_us) / 2,
        asked=first.asked + second.asked,
        codes_never=first.codes_never + second.codes_never,
        codes_once=first.codes_once + second.codes_once,
        codes_more=first.codes_more + second.codes_more,
        returned=returned,
    )
