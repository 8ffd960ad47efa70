"""How a time server is written."""

import pytest

from rw2fa_daemon.core.time_server import parse


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("pool.ntp.org", ("pool.ntp.org", 123)),
        ("ntp:1123", ("ntp", 1123)),
        ("192.0.2.1", ("192.0.2.1", 123)),
        ("[2001:db8::1]", ("2001:db8::1", 123)),
        ("[::1]:65535", ("::1", 65535)),
        ("[fe80::1%eth0]:123", ("fe80::1%eth0", 123)),
    ],
)
def test_host_with_or_without_a_port(text: str, parts: tuple[str, int]) -> None:
    assert parse(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        *("", ":123", "host:", "host:0", "host:65536", "host:99999", "host:1a", "host:-1", "a b", "a,b", "a\nb"),
        *("2001:db8::1", "[]", "[::1", "::1]", "[::g]", "[host]:123", "[::1]123", "[::1]:", "h" * 254, "host:١٢٣"),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)
