"""The file for an RDP client, and passes as rw2fa-session reports them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_portal.web.rdp import STANDS_FOR_NOTHING, PassState, RdpPass, host_of, rdp_file, read_pass


def test_the_file_says_where_and_as_whom_and_nothing_else() -> None:
    assert rdp_file("desk.example.com:3390", "alice", "").decode().split("\r\n") == [
        "full address:s:desk.example.com:3390",
        "username:s:alice",
        f"loadbalanceinfo:s:{STANDS_FOR_NOTHING}",
        "prompt for credentials:i:1",
        "",
    ]


def test_a_load_balancer_is_told_what_the_site_says() -> None:
    assert b"loadbalanceinfo:s:tsv://farm.1\r\n" in rdp_file("desk.example.com", "alice", "tsv://farm.1")


def test_a_name_with_umlauts_is_written_as_mstsc_reads_it() -> None:
    content = rdp_file("desk.example.com", "jürgen", "")
    assert content.startswith(b"\xff\xfe")
    assert "username:s:jürgen\r\n" in content.decode("utf-16")


@given(st.text(), st.text(), st.text())
def test_no_name_adds_a_line_to_the_file(address: str, user: str, info: str) -> None:
    try:
        content = rdp_file(address, user, info)
    except ValueError:
        return
    text = content.decode("utf-16") if content.startswith(b"\xff\xfe") else content.decode()
    assert [line.partition(":")[0] for line in text.splitlines()] == [
        "full address",
        "username",
        "loadbalanceinfo",
        "prompt for credentials",
    ]


@pytest.mark.parametrize("name", ["a\r\nalternate shell:s:xterm", "a\nb", "a\x00b", "a\x85b", "a\u2028b"])
def test_a_name_of_two_lines_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="line"):
        rdp_file("desk.example.com", name, "")


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("desk.example.com", "desk.example.com"),
        ("desk.example.com:8443", "desk.example.com"),
        ("192.0.2.7:8443", "192.0.2.7"),
        ("[2001:db8::7]:8443", "[2001:db8::7]"),
        ("", ""),
        ("desk.example.com:8443\r\nusername:s:root", ""),
        ("desk example", ""),
        ("a" * 254, ""),
    ],
)
def test_the_host_of_a_request_is_a_name_or_an_address_without_its_port(header: str, host: str) -> None:
    assert host_of(header) == host


@pytest.mark.parametrize(
    ("report", "known"),
    [
        ({"asked": "yes", "pass": "armed", "pass_until": "120"}, RdpPass(PassState.ARMED, 120, needed=True)),
        ({"asked": "yes", "pass": "cancelled"}, RdpPass(PassState.CANCELLED, None, needed=True)),
        ({"asked": "no", "pass": "none"}, RdpPass(PassState.NONE, None, needed=False)),
        ({}, RdpPass(PassState.NONE, None, needed=True)),
        ({"pass": "new word", "pass_until": "soon"}, RdpPass(PassState.NONE, None, needed=True)),
    ],
)
def test_a_pass_is_read_and_what_is_not_said_is_none(report: dict[str, str], known: RdpPass) -> None:
    assert read_pass(report) == known
