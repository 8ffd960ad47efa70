"""Where a request comes from."""

from ipaddress import ip_network

import pytest

from rw2fa_portal.web.origin import browser_address, is_own_page

PROXIES = [ip_network("10.0.0.0/24"), ip_network("2001:db8::/64")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["203.0.113.1"], "192.0.2.7"),
        ("::ffff:192.0.2.7", [], "192.0.2.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("::ffff:10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.1, 10.0.0.2"], "203.0.113.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.1, nonsense"], ""),
        ("10.0.0.1", ["[2001:db8:1::5]"], "2001:db8:1::5"),
        ("10.0.0.1", [", ".join(["10.0.0.2"] * 100)], "10.0.0.2"),
        (None, ["203.0.113.1"], "203.0.113.1"),
        (None, [], ""),
        ("nonsense", ["203.0.113.1"], ""),
    ],
)
def test_what_proxies_added_counts_and_nothing_before_it(peer: str | None, forwarded: list[str], address: str) -> None:
    assert browser_address(peer, forwarded, PROXIES) == address


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"host": "p.example", "origin": "https://p.example"}, True),
        ({"host": "P.example:8443", "origin": "https://p.example:8443", "sec-fetch-site": "same-origin"}, True),
        ({"host": "p.example", "sec-fetch-site": "same-origin"}, True),
        ({"host": "p.example"}, False),
        ({"host": "p.example", "origin": "https://p.example:8443"}, False),
        ({"host": "p.example", "origin": "https://q.example"}, False),
        ({"host": "p.example", "origin": "null"}, False),
        ({"host": "p.example", "origin": "https://p.example", "sec-fetch-site": "cross-site"}, False),
        ({"host": "p.example", "origin": "https://p.example", "sec-fetch-site": "none"}, False),
    ],
)
def test_pages_of_others_are_told_apart(headers: dict[str, str], own: bool) -> None:
    assert is_own_page(headers) is own
