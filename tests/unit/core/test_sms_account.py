"""How an account at Twilio, its token and a sender are written."""

import pytest

from rw2fa_daemon.core.sms_account import (
    TOKEN,
    allowed_prefixes,
    check_account_sid,
    check_sender,
    masked_sid,
    prefix_of,
)

HEX = "0123456789abcdef" * 2


@pytest.mark.parametrize("text", ["+15005550006", "Example", "Work & Co", "a", f"MG{HEX}", "x-_+& 12345"])
def test_a_number_a_name_and_a_messaging_service_can_send(text: str) -> None:
    check_sender(text)


@pytest.mark.parametrize(
    "text",
    ["15005550006", "+1", "+0123456789", "12345678", "Twelve chars", "Büro", " Office", f"MG{HEX}0", "+1 500 555"],
)
def test_nothing_else_can(text: str) -> None:
    with pytest.raises(ValueError, match="is neither a number"):
        check_sender(text)


@pytest.mark.parametrize("text", [f"ac{HEX}", f"AC{HEX[1:]}", f"AC{HEX}\n", f"AC{HEX[:-1]}g", f"SK{HEX}"])
def test_an_account_is_ac_and_32_hexadecimal_digits(text: str) -> None:
    check_account_sid(f"AC{HEX}")
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        check_account_sid(text)


def test_a_token_is_32_hexadecimal_digits() -> None:
    assert TOKEN.fullmatch(HEX.encode())
    assert not TOKEN.fullmatch(HEX.encode() + b"\n")


@pytest.mark.parametrize(("text", "prefix"), [("33", "33"), ("+33", "33"), ("1416", "1416")])
def test_a_country_is_written_with_or_without_its_plus(text: str, prefix: str) -> None:
    assert prefix_of(text) == prefix


@pytest.mark.parametrize("text", ["", "0", "+", "FR", "12345678", "٣٣", "33\n"])
def test_what_is_no_beginning_of_a_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        prefix_of(text)


def test_a_sender_that_is_no_number_has_no_country_of_its_own() -> None:
    assert allowed_prefixes((), "+442079460123") == ("+44",)
    assert allowed_prefixes((), "Example") == ()
    assert allowed_prefixes(("33", "1416"), "+442079460123") == ("+33", "+1416")


def test_of_a_sid_its_kind_and_its_end_show() -> None:
    assert masked_sid(f"AC{HEX}") == "AC…cdef"
    assert masked_sid("") == ""
