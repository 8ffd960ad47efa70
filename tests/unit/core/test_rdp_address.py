"""Where an RDP client connects, as a setting names it."""

import pytest

from rw2fa_daemon.core.rdp_address import parse_rdp_address


@pytest.mark.parametrize(
    "text",
    [
        "desk",
        "desk.example.com",
        "desk.example.com:3390",
        "192.0.2.7",
        "192.0.2.7:65535",
        "[2001:db8::7]",
        "[::1]:3390",
    ],
)
def test_names_and_addresses_with_or_without_a_port_are_taken_as_they_are(text: str) -> None:
    assert parse_rdp_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "desk:0",
        "desk:65536",
        "desk:",
        ":3389",
        "desk example",
        "desk\nusername:s:root",
        "2001:db8::7",
        "[2001:db8::7",
        "[desk]",
        "-desk",
        "https://desk.example.com",
        "desk..example",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not|has no"):
        parse_rdp_address(text)
