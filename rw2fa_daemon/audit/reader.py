"""Reading audit records back, from the journal and the file, ordered by time."""

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path

from rw2fa_daemon.audit import file_reader, journal_reader
from rw2fa_daemon.audit.skipped import Skipped
from rw2fa_daemon.core.audit import Record

OUT_OF_ORDER_MAX = 256
"""How many records a source may be out of order: two processes write to it, each with its own timestamps."""


class Reading(Iterator[Record]):
    """Records, oldest first; `skipped` counts entries that were not records."""

    def __init__(self, records: Iterator[Record], skipped: Skipped) -> None:
        self._records = records
        self._skipped = skipped

    def __next__(self) -> Record:
        return next(self._records)

    @property
    def skipped(self) -> int:
        return self._skipped.count


def read(
    state: Path, since: float | None, user: str | None, *, journal: Iterable[str] = journal_reader.THIS_HOST
) -> Reading:
    """Records since a UTC second, about one user; None: all. Those of the journal are dated by journald.

    `journal`: arguments of journalctl(1) that say where the journal is. Only a bounded number of records is in memory
    at any time. Raises Problem, at the latest after the last record, if there is a journal that cannot be read.
    """
    skipped = Skipped()
    sources = (
        journal_reader.records(state, since, user, skipped, journal),
        file_reader.records(state, skipped),
    )
    in_order = heapq.merge(*map(_in_order, sources), key=_time)
    return Reading((record for record in in_order if _wanted(record, since, user)), skipped)


def _wanted(record: Record, since: float | None, user: str | None) -> bool:
    return (since is None or record.at >= since) and (user is None or record.user == user)


def _time(record: Record) -> float:
    return record.at


def _in_order(records: Iterator[Record]) -> Iterator[Record]:
    """The same records sorted by time, if each is at most OUT_OF_ORDER_MAX places from where it belongs."""
    waiting: list[tuple[float, int, Record]] = []
    for number, record in enumerate(records):
        if len(waiting) < OUT_OF_ORDER_MAX:
            heapq.heappush(waiting, (record.at, number, record))
        else:
            yield heapq.heappushpop(waiting, (record.at, number, record))[2]
    while waiting:
        yield heapq.heappop(waiting)[2]
