"""Messages, against a model of docs/protocol.md."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pam_hook.pure import MESSAGE_MAX, Pure


def is_message(packet: bytes) -> bool:
    verb, *fields = packet.split(b"\0")
    keys = [field.partition(b"=")[0] for field in fields]
    return (
        re.fullmatch(rb"[a-z_]+", verb) is not None
        and all(b"=" in field for field in fields)
        and all(re.fullmatch(rb"[a-z_]+", key) for key in keys)
        and len(set(keys)) == len(keys) <= 32
    )


keys = st.text(alphabet="abn_", min_size=1, max_size=3).map(str.encode)
fields = st.builds(
    lambda key, value: key + b"=" + value, keys, st.binary(max_size=20).filter(lambda raw: b"\0" not in raw)
)
packets = st.one_of(
    st.binary(max_size=100),
    st.lists(st.one_of(fields, keys, st.binary(max_size=4)), max_size=36).map(
        lambda parts: b"\0".join([b"ask", *parts])
    ),
    st.lists(fields, max_size=36, unique_by=lambda field: field.partition(b"=")[0]).map(
        lambda parts: b"\0".join([b"ask", *parts])
    ),
)


@given(packet=packets)
def test_a_message_is_what_the_protocol_says_and_stays_what_it_is(pure: Pure, packet: bytes) -> None:
    assert pure.message(packet) == (packet if is_message(packet) else None)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0",
        b"\0n=1",
        b"ask\0",
        b"ask\0\0n=1",
        b"ask\0n=1\0",
        b"ask\0n",
        b"ask\0=1",
        b"ask\0N=1",
        b"ask\0n1=1",
        b"ask\0n=1\0n=1",
        b"ask\0n=1\0n=2",
        b"Ask\0n=1",
        b"ask \0n=1",
        b"ask=1",
        b"ask\0" + b"\0".join(b"%s=" % (b"a" * i) for i in range(1, 34)),
    ],
)
def test_promise_11_what_is_no_message_is_refused(pure: Pure, packet: bytes) -> None:
    assert pure.message(packet) is None


def test_a_value_may_hold_anything_but_nul(pure: Pure) -> None:
    packet = b"ask\0text=" + bytes(range(1, 256)) + b"==\0n="
    assert pure.message(packet) == packet


def test_promise_11_a_message_may_have_all_its_bytes_and_not_one_more(pure: Pure) -> None:
    assert pure.message(b"ask\0text=" + b"x" * (MESSAGE_MAX - 9)) is not None
    assert pure.compose(b"ask", b"text", b"x" * (MESSAGE_MAX - 9), times=1)
    assert not pure.compose(b"ask", b"text", b"x" * (MESSAGE_MAX - 8), times=1)
    assert not pure.compose(b"ask", b"text", b"x" * 9000, times=2)
    assert not pure.compose(b"ask", b"text", b"x" * 100_000, times=1)


def test_promise_11_a_message_may_have_all_its_fields_and_not_one_more(pure: Pure) -> None:
    assert pure.compose(b"ask", b"n", b"1", times=32)
    assert not pure.compose(b"ask", b"n", b"1", times=33)
