"""Failed logons by source."""

import pytest

from rw2fa_portal.web import rate_limit
from rw2fa_portal.web.limits import ATTEMPTS_MAX, ATTEMPTS_SECONDS
from rw2fa_portal.web.rate_limit import RateLimit, source_of


def test_promise_11_failures_of_one_source_are_bounded_and_come_back() -> None:
    limit = RateLimit()
    assert [limit.charge("192.0.2.7", 10.0 + n) for n in range(ATTEMPTS_MAX)] == [0.0] * ATTEMPTS_MAX
    assert limit.charge("192.0.2.7", 50.0) == 10.0 + ATTEMPTS_SECONDS - 50.0
    assert limit.charge("192.0.2.8", 50.0) == 0.0, "another source"
    assert limit.charge("192.0.2.7", 10.0 + ATTEMPTS_SECONDS) == 0.0
    assert limit.charge("192.0.2.7", 10.0 + ATTEMPTS_SECONDS) > 0.0, "one came back, and no more"


def test_what_succeeds_costs_nothing() -> None:
    limit = RateLimit()
    for _ in range(3 * ATTEMPTS_MAX):
        assert limit.charge("192.0.2.7", 0.0) == 0.0
        limit.refund("192.0.2.7")
    limit.refund("198.51.100.1")


def test_promise_11_the_sources_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "SOURCES_MAX", 3)
    limit = RateLimit()
    for number in range(10):
        limit.charge(f"192.0.2.{number}", 0.0)
    assert len(limit._attempts) == 3
    assert "192.0.2.9" in limit._attempts


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", ""),
        ("not an address", ""),
    ],
)
def test_a_network_of_ipv6_is_one_source(address: str, source: str) -> None:
    assert source_of(address) == source
