"""What rw2fa-session asks about portal logons and passes, and the answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.wire.login import read_place
from rw2fa_daemon.wire.message import ITEM_MAX, VERSION, Message, ProtocolError, compose

IDENTIFIER_LENGTH: Final = 64
"""Hexadecimal digits."""

_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class LogonRequest:
    """What is asked; what does not belong to the verb is empty."""

    user: str
    identifier: str
    service: str
    address: str
    boot: str
    """Boot and namespaces of whoever asks, as `Login.boot` has them."""


@dataclass(frozen=True, slots=True)
class LogonReport:
    """The answer; the times are UTC seconds, None for what does not apply."""

    result: str
    rule: Rule | None = None
    text: Prompt | None = None
    identifier: str = ""
    user: str = ""
    uid: int | None = None
    asked: bool = True
    until: int | None = None
    sessions: int | None = None
    sessions_until: int | None = None
    pass_status: str = ""
    pass_until: int | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    """What one verb alone has."""


def read_logon(message: Message) -> LogonRequest:
    """The request to register a logon; ProtocolError if the message is none."""
    return _read(message, identifier="", service=message.required("service"))


def read_about_logon(message: Message) -> LogonRequest:
    """A request about a logon that there is; ProtocolError if the message is none."""
    identifier = message.required("logon")
    if len(identifier) != IDENTIFIER_LENGTH or not _HEX.issuperset(identifier):
        raise ProtocolError("no identifier of a logon")
    return _read(message, identifier=identifier, service="")


def _read(message: Message, *, identifier: str, service: str) -> LogonRequest:
    if message.required("v") != VERSION:
        raise ProtocolError("unknown version")
    user, address = message.required("user"), message.fields.get("address", "")
    if max(len(user), len(service), len(address)) > ITEM_MAX:
        raise ProtocolError("item too long")
    return LogonRequest(user, identifier, service, address, read_place(message.fields))


def write_logon_report(report: LogonReport) -> bytes:
    """The packet of an answer."""
    known: dict[str, str | int | None] = {
        "rule": report.rule,
        "text": report.text.value if report.text else None,
        "logon": report.identifier or None,
        "uid": report.uid,
        "until": report.until,
        "sessions": report.sessions,
        "sessions_until": report.sessions_until,
        "pass": report.pass_status or None,
        "pass_until": report.pass_until,
    }
    fields = {"result": report.result, **{key: str(value) for key, value in known.items() if value is not None}}
    if report.user:
        fields |= {"user": report.user, "asked": "yes" if report.asked else "no", **report.more}
    return compose("report", fields)
