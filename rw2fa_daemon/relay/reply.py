"""Whether a time server's reply can be trusted. Pure.

ntplib takes packets apart and works offset and delay out of them; it looks at nothing else, and would
take the time from a broadcast, a server that says that it has no time, or an answer to somebody else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import ntplib

VERSION: Final = 4
CLIENT_MODE: Final = 3
SERVER_MODE: Final = 4
"""Association modes (RFC 5905 figure 1, §3)."""
PACKET_BYTES: Final = 48
"""A packet without extensions (RFC 5905 §7.3)."""
NONCE_BYTES: Final = 8
_ORIGIN: Final = slice(24, 32)
_TRANSMIT_AT: Final = 40
LEAP_UNKNOWN: Final = 3
STRATUM_MAX: Final = 15
"""16 means "not synchronised", 0 is a kiss of death (RFC 5905 §7.3, §7.4)."""
ROOT_DISTANCE_MAX: Final = 1.0
"""Seconds. MAXDIST of RFC 5905 §11.2: a server beyond it should not be followed."""
ERA_SECONDS: Final = 2**32
"""NTP's seconds begin anew in 2036 (RFC 5905 §6)."""


class Unusable(Exception):
    """A reply that says nothing about the time; the argument is why, one clause."""


class Stray(Unusable):
    """A packet that answers another question than ours; the right one may still come."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says: see core.clock.Answer. `delay` is the way there and back in seconds."""

    offset: float
    distance: float
    delay: float
    stratum: int


_Fault = Callable[[ntplib.NTPStats], bool]

_FAULTS: Final[tuple[tuple[_Fault, str], ...]] = (
    (lambda reply: reply.mode != SERVER_MODE, "it does not answer as a server"),
    (lambda reply: reply.version != VERSION, "it speaks another version of NTP"),
    (lambda reply: reply.leap == LEAP_UNKNOWN, "it says that its own clock is not synchronised"),
    (lambda reply: reply.stratum > STRATUM_MAX, "it says that it has no source of time"),
    (
        lambda reply: reply.root_delay / 2 + reply.root_dispersion >= ROOT_DISTANCE_MAX,
        "by its own word its time may be more than a second off",
    ),
    (lambda reply: reply.tx_timestamp == 0 or reply.recv_timestamp == 0, "it sends no time"),
    (lambda reply: _era(reply.tx_timestamp - reply.recv_timestamp) < 0, "it answered before it was asked"),
    (lambda reply: _era(reply.tx_timestamp - reply.ref_timestamp) < 0, "its clock was set in the future"),
    (lambda reply: reply.delay < 0, "it took longer to answer than the answer to come"),
)


def request(nonce: bytes) -> bytes:
    """The packet to send. In place of the time, which is private, it holds a number that cannot be guessed
    (draft-ietf-ntp-data-minimization); the reply has to have it.
    """
    plain: bytes = ntplib.NTPPacket(version=VERSION, mode=CLIENT_MODE).to_data()
    return plain[:_TRANSMIT_AT] + nonce


def read(packet: bytes, nonce: bytes, sent_at: float, took: float) -> Reading:
    """What a reply to `request(nonce)` says; Unusable if it says nothing, Stray if it is none.

    `sent_at` is UTC seconds by this host's clock, `took` the seconds until the reply came, by the monotonic clock.
    """
    if len(packet) < PACKET_BYTES or packet[_ORIGIN] != nonce:
        raise Stray("what came back answers another question")
    reply = ntplib.NTPStats()
    reply.from_data(packet)
    if reply.stratum == 0:
        raise Unusable(f"it refuses to answer ({_kiss(reply.ref_id)})")
    # In the era that brings both clocks closest together.
    sent = ntplib.system_to_ntp_time(sent_at)
    reply.orig_timestamp = reply.recv_timestamp - _era(reply.recv_timestamp - sent)
    reply.dest_timestamp = reply.orig_timestamp + took
    for is_so, why in _FAULTS:
        if is_so(reply):
            raise Unusable(why)
    distance = reply.root_delay / 2 + reply.root_dispersion + reply.delay / 2
    return Reading(reply.offset, distance, reply.delay, reply.stratum)


def _era(seconds: float) -> float:
    """A difference between two moments of which each may lie in any era."""
    return (seconds + ERA_SECONDS / 2) % ERA_SECONDS - ERA_SECONDS / 2


def _kiss(reference: int) -> str:
    """The code of a kiss of death: four letters (RFC 5905 §7.4)."""
    code = reference.to_bytes(4, "big").rstrip(b"\0").decode("ascii", "replace")
    return code if code.isalnum() else "without a reason"
