"""Whether a reply may be believed. tests/integration/relay has a server lie; here is what no server sends."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.relay.reply import NONCE_BYTES, PACKET_BYTES, Stray, Unusable, read, request

NONCE = b"01234567"
SENT_AT = 1_800_000_000.0
NTP_DELTA = 2_208_988_800


def reply(server_time: float, *, root_delay: float = 0.0, root_dispersion: float = 0.0) -> bytes:
    """What a server whose clock shows `server_time` (UTC seconds) sends."""
    stamp = int((server_time + NTP_DELTA) * 2**32) % 2**64
    head = struct.pack("!BBbbII4s", 0x24, 2, 6, -20, int(root_delay * 2**16), int(root_dispersion * 2**16), b"\0" * 4)
    return head + struct.pack("!Q", stamp) + NONCE + struct.pack("!QQ", stamp, stamp)


def test_a_request_holds_the_nonce_and_otherwise_nothing() -> None:
    assert request(NONCE) == b"\x23" + bytes(39) + NONCE
    assert len(request(bytes(NONCE_BYTES))) == PACKET_BYTES


@given(st.floats(-1e6, 1e6), st.floats(0, 2))
def test_offset_and_delay_are_those_of_rfc_5905(ahead: float, took: float) -> None:
    said = read(reply(SENT_AT + took / 2 + ahead), NONCE, SENT_AT, took)
    assert said.offset == pytest.approx(ahead, abs=1e-5)
    assert said.delay == pytest.approx(took, abs=1e-5)
    assert said.distance == pytest.approx(took / 2, abs=1e-5)


def test_the_distance_holds_the_servers_own_and_half_the_way() -> None:
    said = read(reply(SENT_AT, root_delay=0.5, root_dispersion=0.25), NONCE, SENT_AT, 0.2)
    assert said.distance == pytest.approx(0.25 + 0.25 + 0.1, abs=1e-4)


@pytest.mark.parametrize("now", [2_085_978_495.0, 2_085_978_497.0])
def test_both_sides_of_2036_agree(now: float) -> None:
    """The seconds of era 0 end at 2036-02-07 06:28:16 UTC."""
    for server in (now - 3, now, now + 3):
        assert read(reply(server), NONCE, now, 0.0).offset == pytest.approx(server - now, abs=1e-5)


@given(st.binary(max_size=128))
def test_no_packet_is_believed_that_does_not_hold_the_nonce(packet: bytes) -> None:
    with pytest.raises(Stray):
        read(packet[:24] + b"x" * 8 + packet[32:] if packet[24:32] == NONCE else packet, NONCE, SENT_AT, 0.1)


@given(st.binary(min_size=24, max_size=24), st.binary(min_size=16, max_size=80))
def test_whatever_the_rest_is_it_is_believed_or_unusable(head: bytes, tail: bytes) -> None:
    try:
        said = read(head + NONCE + tail, NONCE, SENT_AT, 0.1)
    except Unusable:
        return
    assert 0 <= said.distance < 2
    assert 1 <= said.stratum <= 15
    assert abs(said.offset) <= 2**31 + 1
