"""Messages: a verb and fields, one message to a packet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MESSAGE_MAX: Final = 16_384
"""Bytes in a packet."""

FIELDS_MAX: Final = 32
VALUE_MAX: Final = 128
"""Bytes that a user may have typed."""

ITEM_MAX: Final = 1_024
"""Bytes in one field that the hook copies from PAM."""

VERSION: Final = "1"


class ProtocolError(Exception):
    """The other end does not keep to the protocol. The text holds nothing that was sent."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Values are text with undecodable bytes as surrogates (PEP 383); printed, it does not show them."""

    verb: str
    fields: Mapping[str, str] = field(repr=False)

    def required(self, key: str) -> str:
        """The value of a field that must be there; ProtocolError if it is not."""
        value = self.fields.get(key)
        if value is None:
            raise ProtocolError(f"{self.verb} without {key}")
        return value


def parse(packet: bytes) -> Message:
    """A message from a packet; ProtocolError if it is empty, too long or ill-formed."""
    if not packet:
        raise ProtocolError("empty packet")
    if len(packet) > MESSAGE_MAX:
        raise ProtocolError("message too long")
    verb, *parts = packet.decode("utf-8", "surrogateescape").split("\0")
    if len(parts) > FIELDS_MAX:
        raise ProtocolError("too many fields")
    try:
        fields = dict([part.split("=", 1) for part in parts])
    except ValueError:
        raise ProtocolError("field without key and value") from None
    if "" in fields:
        raise ProtocolError("field without key and value")
    if len(fields) != len(parts):
        raise ProtocolError("field twice")
    return Message(verb, fields)


def compose(verb: str, fields: Mapping[str, str]) -> bytes:
    """The packet of a message; ProtocolError if a value holds NUL or the packet is too long."""
    text = "\0".join([verb, *(f"{key}={value}" for key, value in fields.items())])
    if text.count("\0") != len(fields):
        raise ProtocolError("NUL in a value")
    packet = text.encode("utf-8", "surrogateescape")
    if len(packet) > MESSAGE_MAX:
        raise ProtocolError("message too long")
    return packet
