"""Where a token may be sent."""

import pytest

from rw2fa_daemon.core.api_url import ApiUrl, parse_api_url


@pytest.mark.parametrize(
    "text",
    [
        *("https://api.twilio.com", "https://proxy.example:8443/twilio", "https://[2001:db8::1]"),
        *("http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:4010"),
    ],
)
def test_an_address_that_keeps_the_token_to_itself_is_taken(text: str) -> None:
    parse_api_url(text)


@pytest.mark.parametrize(
    "text",
    [
        *("http://api.twilio.com", "http://192.0.2.1", "ftp://localhost", "api.twilio.com", "https://", "https:///x"),
        *("https://user:word@host", "https://host?x=1", "https://host#x", "https://ho st", "https://host:0"),
        *("https://host:99999", "https://host:x", "https://[::1", "http://127.0.0.1.example"),
    ],
)
def test_any_other_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_api_url(text)


def test_an_address_comes_apart() -> None:
    assert parse_api_url("https://Proxy.example/twilio/") == ApiUrl(True, "proxy.example", 443, "/twilio")
    assert parse_api_url("http://[::1]:8080") == ApiUrl(False, "::1", 8080, "")


def test_none_is_twilios_own() -> None:
    assert parse_api_url("") == ApiUrl(True, "api.twilio.com", 443, "")


def test_an_address_has_256_characters_at_the_most() -> None:
    longest = "https://host/".ljust(256, "x")
    assert parse_api_url(longest).host == "host"
    with pytest.raises(ValueError):
        parse_api_url(f"{longest}x")
