"""`rw2fa audit`."""

import time

import click

from rw2fa_daemon.audit.reader import read
from rw2fa_daemon.cli import durations
from rw2fa_daemon.cli.completion import scope_entries
from rw2fa_daemon.cli.context import CliContext, pass_cli
from rw2fa_daemon.cli.printing import JSON_OPTION, iso, note, say, shown, stream_json, when
from rw2fa_daemon.core.audit import Record


@click.command()
@click.option("--user", metavar="USER", shell_complete=scope_entries, help="Only records about this user.")
@click.option("--since", metavar="TIME", help='Only records since then: 2h, 7d, 2026-01-31, "2026-01-31 12:00".')
@JSON_OPTION
@pass_cli
def audit(cli: CliContext, user: str | None, since: str | None, *, as_json: bool) -> None:
    """Show what was decided, and who changed what.

    The oldest record comes first.
    """
    start = None if since is None else durations.since(since, time.time())
    records = read(cli.config.state, start, user)
    if as_json:
        stream_json(map(_as_json, records))
    else:
        for record in records:
            say(_line(record))
    if records.skipped:
        note(f"{records.skipped} records could not be read and are left out")


def _as_json(record: Record) -> dict[str, object]:
    return {
        "at": iso(record.at),
        "event": record.event.label,
        "event_id": record.event.message_id,
        "user": record.user,
        "service": record.service,
        "address": record.address,
        "phase": record.phase,
        "decision": record.decision,
        "rule": record.rule,
        "reason": record.reason,
    }


def _line(record: Record) -> str:
    place = " ".join(filter(None, (record.service, record.phase, record.address and f"from {record.address}")))
    rule = f"({record.rule})" if record.rule else ""
    words = (when(record.at), record.event.label, record.user or "-", place, record.decision, rule, record.reason)
    return "  ".join(shown(word) for word in words if word)
