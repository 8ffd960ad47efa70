"""What is told of a refusal."""

import pytest

from rw2fa_daemon.core.prompts import Prompt, clock_text
from rw2fa_portal.protocol import Phase
from rw2fa_portal.web.session_client import Told
from rw2fa_portal.web.visit import _reasons


@pytest.mark.parametrize(
    ("text", "error", "phase", "is_told"),
    [
        (Prompt.LOCKED.value, True, Phase.AUTH, True),
        (clock_text(-7200), True, Phase.AUTH, True),
        (Prompt.LOCKED_FOR.value.format(span="15 minutes"), True, Phase.AUTH, True),
        (Prompt.LOGIN_REFUSED.value, True, Phase.AUTH, False),
        ("The account is locked due to 3 failed logins.", False, Phase.AUTH, False),
        ("The account is locked due to 3 failed logins.", True, Phase.AUTH, False),
        ("Your account has expired; please contact your system administrator.", True, Phase.ACCOUNT, True),
        ("BAD PASSWORD: it is too short", True, Phase.PASSWORD, True),
    ],
)
def test_only_who_has_shown_the_password_is_told_why(text: str, error: bool, phase: Phase, is_told: bool) -> None:
    assert _reasons((Told(text, error, phase),)) == ((text,) if is_told else ())
