"""Reading records from the journal, through journalctl(1)."""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rw2fa_daemon.audit.journal_entry import IDENTIFIER, RECORD_FIELDS
from rw2fa_daemon.audit.lines import lines
from rw2fa_daemon.audit.skipped import Skipped
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.problem import Problem

THIS_HOST: tuple[str, ...] = ()
_EVENTS = {event.message_id: event for event in Event}
_MICROSECONDS = 1_000_000
_ROOT = 0


def records(
    state: Path, since: float | None, user: str | None, skipped: Skipped, journal: Iterable[str]
) -> Iterator[Record]:
    """Our records, oldest first. Any process may send journald an entry that looks like ours; the sender's uid, which
    journald gets from the kernel (`_UID`), must be root's or that of the owner of the state folder.
    """
    trusted = _trusted_uids(state)
    matches = [f"SYSLOG_IDENTIFIER={IDENTIFIER}"]
    matches += [f"MESSAGE_ID={message_id}" for message_id in _EVENTS]
    matches += [f"_UID={uid}" for uid in trusted]
    if user is not None:
        matches.append(f"RW2FA_USER={user}")
    command = ["journalctl", "--output=json", "--all", "--quiet", "--no-pager"]
    command += [f"--output-fields=MESSAGE_ID,_UID,{','.join(RECORD_FIELDS)}", *journal]
    command += [f"--since=@{int(since)}"] if since is not None else []
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen([*command, *matches], stdout=subprocess.PIPE, stderr=complaints)
        except FileNotFoundError:
            return  # a host without systemd
        with process:
            try:
                assert process.stdout is not None
                for line in lines(process.stdout, skipped):
                    record = _parse(line, trusted)
                    if record is None:
                        skipped.add()
                    else:
                        yield record
            except BaseException:  # also when the consumer stops early
                process.kill()
                raise
        if process.returncode != 0:
            complaints.seek(0)
            said = complaints.read(4096).decode(errors="replace").strip().replace("\n", ", ")
            raise Problem(f"the journal cannot be read: {said}", "run this as root, or check it: journalctl --verify")


def _trusted_uids(state: Path) -> frozenset[int]:
    try:
        return frozenset({_ROOT, state.stat().st_uid})
    except OSError:
        return frozenset({_ROOT})


def _parse(line: bytes, trusted: frozenset[int]) -> Record | None:
    """One entry in journalctl's JSON: text as a string, other bytes as a list of numbers."""
    try:
        fields: dict[str, Any] = json.loads(line)
        if int(fields["_UID"]) not in trusted:
            return None
        event = _EVENTS[fields["MESSAGE_ID"]]
        at = int(fields["__REALTIME_TIMESTAMP"]) / _MICROSECONDS
        texts = {name.removeprefix("RW2FA_").lower(): _text(fields.get(name, "")) for name in RECORD_FIELDS}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Record(event, at, **texts)


def _text(value: object) -> str:
    """Raises ValueError or TypeError for a field that occurs twice, or is too large for journalctl to print."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return bytes(value).decode("utf-8", "surrogateescape")
    raise TypeError(value)
