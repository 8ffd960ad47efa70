"""The factors that sshd accepted before PAM."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pam_hook.pure import Pure


def model(info: bytes) -> bytes | None:
    names: list[bytes] = []
    for line in info.split(b"\n"):
        match = re.match(rb"([a-z0-9-]{1,32})(?:[ /]|$)", line)
        if match is not None and match[1] not in names and len(names) < 8:
            names.append(match[1])
    return b",".join(names) or None


@pytest.mark.parametrize(
    ("info", "names"),
    [
        (None, None),
        (b"", None),
        (b"\n\n", None),
        (b"publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO+x/y==", b"publickey"),
        (b"publickey ssh-rsa AAAA\npublickey ssh-ed25519 BBBB\n", b"publickey"),
        (b"publickey ssh-rsa AAAA\nkeyboard-interactive/pam\n", b"publickey,keyboard-interactive"),
        (b"gssapi-with-mic alice@EXAMPLE.ORG\n", b"gssapi-with-mic"),
        (b"password\npublickey", b"password,publickey"),
        (b"pub\npublickey\npub", b"pub,publickey"),
        (b"publickey,password x\n", None),
        (b"Publickey x\n", None),
        (b"x" * 32, b"x" * 32),
        (b"x" * 33, None),
        (b" publickey\n", None),
    ],
)
def test_methods_by_name_each_once(pure: Pure, info: bytes | None, names: bytes | None) -> None:
    assert pure.first_factor(info) == names


def test_promise_11_the_number_of_methods_is_bounded(pure: Pure) -> None:
    info = b"".join(b"method-%d\n" % i for i in range(10_000))
    assert pure.first_factor(info) == b",".join(b"method-%d" % i for i in range(8))


lines = st.one_of(
    st.binary(max_size=50).filter(lambda raw: b"\0" not in raw),
    st.from_regex(rb"(publickey|password|[a-z0-9-]{1,34})[ /]?[a-z]?", fullmatch=True),
)


@given(info=st.lists(lines, max_size=12).map(b"\n".join))
def test_any_text_gives_what_the_protocol_says(pure: Pure, info: bytes) -> None:
    assert pure.first_factor(info) == model(info)
