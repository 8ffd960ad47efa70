"""Questions for a client that makes pages of them."""

import pytest

from rw2fa_daemon.core.page_text import PageText, enrolment_text, page_text, read_page_text, recovery_text


@pytest.mark.parametrize(
    ("asked", "text", "lines"),
    [
        ("code", "Verification code: ", ("Verification code: ",)),
        ("enrol", enrolment_text("otpauth://totp/a:b?secret=AA", "AA"), ("otpauth://totp/a:b?secret=AA", "AA")),
        ("noted", recovery_text(["aaaa", "bbbb"]), ("aaaa", "bbbb")),
        ("sms", "A code is on its way.\nVerification code: ", ("A code is on its way.", "Verification code: ")),
    ],
)
def test_what_is_made_is_read(asked: str, text: str, lines: tuple[str, ...]) -> None:
    assert read_page_text(page_text(asked, text)) == PageText(asked, lines)


def test_the_prompt_of_another_module_names_nothing() -> None:
    assert read_page_text("Current password: ") == PageText("", ("Current password: ",))
    assert read_page_text("") == PageText("", ("",))
