"""What keeps SMS from going out."""

from __future__ import annotations

from typing import Any

import pytest

from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.doctor.sms.account import check_sms, lacking
from tests.unit.doctor.conftest import Host

COMPLETE: dict[str, Any] = {"sms_account_sid": "AC" + "0" * 32, "sms_sender": "+15005550006"}
TOKEN = Secret(b"0" * 32)


def test_where_everything_is_set_nothing_is_lacking(host: Host) -> None:
    host.set(**COMPLETE)
    assert list(lacking(host.config, TOKEN)) == []


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"sms_account_sid": ""}, "no Twilio account is set"),
        ({"sms_sender": ""}, "no sender is set"),
        (
            {"sms_sender": "Example"},
            "the sender is not a number and so has no country, and sms.countries is empty, so no SMS may be sent",
        ),
        (
            {"sms_sender": "MG" + "0" * 32},
            "the sender is not a number and so has no country, and sms.countries is empty, so no SMS may be sent",
        ),
    ],
)
def test_what_is_lacking_is_named_with_what_sets_it(host: Host, settings: dict[str, Any], what: str) -> None:
    host.set(**{**COMPLETE, **settings})
    (problem,) = lacking(host.config, TOKEN)
    assert problem.what == what
    assert "rw2fa s" in problem.fix


def test_a_sender_without_a_country_may_be_given_some(host: Host) -> None:
    host.set(**{**COMPLETE, "sms_sender": "Example", "sms_countries": ("33",)})
    assert list(lacking(host.config, TOKEN)) == []


def test_a_token_that_is_not_stored_is_lacking(host: Host) -> None:
    host.set(**COMPLETE)
    (problem,) = lacking(host.config, None)
    assert "token" in problem.what


def test_where_sms_are_off_nothing_is_looked_at(host: Host) -> None:
    host.set(sms_enabled=False)
    assert list(check_sms(host.subject())) == []
