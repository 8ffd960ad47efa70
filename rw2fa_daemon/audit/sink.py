"""The destination of audit records."""

from pathlib import Path

from rw2fa_daemon.audit.journal_entry import entry
from rw2fa_daemon.audit.journal_socket import JOURNAL_SOCKET, JournalSocket
from rw2fa_daemon.audit.line_file import LineFile
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.rule import Rule


class Sink:
    """Writes to the journal or, if that is absent or its queue is full, to the file in the state folder.

    Records that neither accepts are counted in `lost`, and reported by a separate record as soon as one of them accepts
    records again.
    """

    def __init__(self, state: Path, journal: Path = JOURNAL_SOCKET) -> None:
        self.lost = 0
        self._lost_and_not_reported = 0
        self._journal = JournalSocket(journal)
        self._file = LineFile(state)

    def write(self, record: Record) -> None:
        """Never raises and never waits for another process."""
        if not self._keep(record):
            self.lost += 1
            self._lost_and_not_reported += 1
        elif self._lost_and_not_reported:
            self._report(record.at)

    def close(self) -> None:
        self._journal.close()
        self._file.close()

    def _keep(self, record: Record) -> bool:
        return (self._journal.is_there() and self._journal.send(entry(record))) or self._file.append(record)

    def _report(self, at: float) -> None:
        reason = f"{self._lost_and_not_reported} audit records before this one were lost: journal and file refused them"
        if self._keep(Record(Event.RECORDS_LOST, at, decision="done", rule=Rule.RECORDS_LOST, reason=reason)):
            self._lost_and_not_reported = 0


def open_sink(state: Path) -> Sink:
    """A sink whose file, if one is needed, is in the folder `state`. Nothing is opened before the first record."""
    return Sink(state)
