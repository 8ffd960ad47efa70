"""A record as an entry of the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), and the names in it."""

import struct
from collections.abc import Callable
from functools import cache

from rw2fa_daemon.audit.message import message
from rw2fa_daemon.core.audit import Event, Record

IDENTIFIER = "rw2fad"
FACILITY = 10
"""authpriv. RFC 5424, table 1."""
VALUE_BYTES_MAX = 2048
"""A longer value is cut; what the hook sends is shorter."""

RECORD_FIELDS: dict[str, Callable[[Record], str]] = {
    "RW2FA_USER": lambda record: record.user,
    "RW2FA_SERVICE": lambda record: record.service,
    "RW2FA_ADDRESS": lambda record: record.address,
    "RW2FA_PHASE": lambda record: record.phase,
    "RW2FA_DECISION": lambda record: record.decision,
    "RW2FA_RULE": lambda record: record.rule,
    "RW2FA_REASON": lambda record: record.reason,
}
"""The fields that hold what a record holds, exactly; an empty one is left out."""


def entry(record: Record) -> bytes:
    """The datagram for journald."""
    fields = [("MESSAGE", message(record))]
    fields += [(name, text) for name, value in RECORD_FIELDS.items() if (text := value(record))]
    head = _head(record.event)
    plain = "".join([f"{name}={text}\n" for name, text in fields])
    if plain.isascii() and len(plain) <= VALUE_BYTES_MAX and plain.count("\n") == len(fields):
        # Nearly every entry: nothing to escape or to cut.
        return head + plain.encode()
    return head + b"".join([_text(name, text) for name, text in fields])


@cache
def _head(event: Event) -> bytes:
    return (
        f"MESSAGE_ID={event.message_id}\nPRIORITY={event.priority}\nSYSLOG_IDENTIFIER={IDENTIFIER}\n"
        f"SYSLOG_FACILITY={FACILITY}\nRW2FA_EVENT={event.label}\n"
    ).encode()


def _text(name: str, text: str) -> bytes:
    """One field. With its length in front if it holds a line break, which would end it otherwise."""
    try:
        value = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        value = text.encode("utf-8", "backslashreplace")
    value = value[:VALUE_BYTES_MAX]
    if b"\n" in value:
        return b"%s\n%s%s\n" % (name.encode(), struct.pack("<Q", len(value)), value)
    return b"%s=%s\n" % (name.encode(), value)
