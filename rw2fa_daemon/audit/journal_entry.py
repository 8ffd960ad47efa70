"""A record as an entry of the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), and the names in it."""

import struct
from collections.abc import Callable
from functools import cache
from operator import attrgetter

from rw2fa_daemon.audit.message import message
from rw2fa_daemon.core.audit import Event, Record

IDENTIFIER = "rw2fad"
FACILITY = 10
"""authpriv. RFC 5424, table 1."""
VALUE_BYTES_MAX = 2048
"""A longer value is cut; what the hook sends is shorter."""

RECORD_FIELDS: dict[str, str] = {
    "RW2FA_USER": "user",
    "RW2FA_SERVICE": "service",
    "RW2FA_ADDRESS": "address",
    "RW2FA_PHASE": "phase",
    "RW2FA_DECISION": "decision",
    "RW2FA_RULE": "rule",
    "RW2FA_REASON": "reason",
}
"""The fields of a record, with exact values; an empty one is omitted."""
_VALUES: Callable[[Record], tuple[str, ...]] = attrgetter(*RECORD_FIELDS.values())


def entry(record: Record) -> bytes:
    """The datagram for journald."""
    fields = [("MESSAGE", message(record))]
    fields += [field for field in zip(RECORD_FIELDS, _VALUES(record), strict=True) if field[1]]
    head = _head(record.event)
    plain = "".join([f"{name}={text}\n" for name, text in fields])
    if plain.isascii() and len(plain) <= VALUE_BYTES_MAX and plain.count("\n") == len(fields):
        # Nearly every entry needs no escapes and no cut.
        return head + plain.encode()
    return head + b"".join([_text(name, text) for name, text in fields])


@cache
def _head(event: Event) -> bytes:
    return (
        f"MESSAGE_ID={event.message_id}\nPRIORITY={event.priority}\nSYSLOG_IDENTIFIER={IDENTIFIER}\n"
        f"SYSLOG_FACILITY={FACILITY}\nRW2FA_EVENT={event.label}\n"
    ).encode()


def _text(name: str, text: str) -> bytes:
    """One field; if it contains a line break, which would otherwise end it, with its length in front."""
    try:
        value = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        value = text.encode("utf-8", "backslashreplace")
    value = value[:VALUE_BYTES_MAX]
    if b"\n" in value:
        return b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(value)), value)
    return b"%s=%s\n" % (name.encode(), value)
