"""Addresses as they are compared."""

import pytest

from rw2fa_daemon.core.address import same_host


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.2", "::ffff:127.0.0.2"),
        ("192.0.2.7", "::FFFF:c000:207"),
        ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
        ("::1", "127.0.0.1"),
        ("::1", "::ffff:127.0.0.1"),
    ],
)
def test_one_host_is_one_host_however_it_is_written(one: str, other: str) -> None:
    assert same_host(one) == same_host(other) != ""


@pytest.mark.parametrize(("one", "other"), [("127.0.0.2", "127.0.0.3"), ("::1", "127.0.0.2"), ("::1", "::2")])
def test_two_hosts_are_two(one: str, other: str) -> None:
    assert same_host(one) != same_host(other)


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.2:3389", "127.0.0", "1.2.3.4 ", "\udcff"])
def test_what_is_no_address_is_nowhere(text: str) -> None:
    assert same_host(text) == ""
