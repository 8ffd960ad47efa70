"""What an administrator's or a user's change leaves of an account, and what it takes."""

from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account, Algorithm, Bypass, Counters, Credential, Method, SmsCode
from rw2fa_daemon.core.secret import Secret

PHONE = Secret(b"+33612345678")
OTHER = Secret(b"+33687654321")
FULL = Account(
    "alice",
    1000,
    7,
    method=Method.SMS,
    phone=PHONE,
    enrol_opened_at=5,
    credential=Credential(Secret(b"s" * 20), active=True),
    counters=Counters((1, 2), 2, 1, 3, 400, 5, 6, 7, 8, 9, 10, "boot:5@1"),
    recovery=(b"digest",),
    token=b"token",
    bypass=Bypass(100, once=True),
    phone_confirmed=True,
    sms_code=SmsCode(b"digest", b"login", 1, 2),
)


def test_a_reset_leaves_name_uid_method_and_number_and_nothing_else() -> None:
    expected = Account("alice", 1000, 8, method=Method.SMS, phone=PHONE, enrol_opened_at=90, token=b"new")
    assert FULL.reset(generation=8, now=90, token=b"new") == expected
    assert FULL.reset(generation=8, now=90).token is None


def test_promise_8_unlocking_clears_lock_failures_and_guesses_and_no_step() -> None:
    counters = Counters(used=(1, 2), last=2, floor=1, drift=6, sessions="boot:5@1")
    assert FULL.unlocked() == replace(FULL, counters=counters)


def test_the_same_number_stays_confirmed_and_another_one_does_not() -> None:
    by_app = replace(FULL, method=Method.APP)
    assert by_app.by_sms(PHONE) == FULL
    assert by_app.by_sms(OTHER) == replace(FULL, phone=OTHER, phone_confirmed=False, sms_code=None)


def test_back_to_the_app_the_number_is_forgotten() -> None:
    assert FULL.by_app() == replace(FULL, method=Method.APP, phone=None, phone_confirmed=False, sms_code=None)


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("confirmed", [True, False])
def test_somebody_is_activated_by_what_was_confirmed_of_the_method_chosen(*, active: bool, confirmed: bool) -> None:
    account = replace(FULL, credential=Credential(Secret(b"s"), active=active), phone_confirmed=confirmed)
    assert (account.activated_by(Method.APP), account.activated_by(Method.SMS)) == (active, confirmed)
    assert account.activated is confirmed
    assert replace(account, method=Method.APP).activated is active
    assert not replace(account, credential=None).activated_by(Method.APP)


def test_codes_come_by_sms_only_while_that_is_on_and_there_is_a_number() -> None:
    assert FULL.method_in_force(sms_enabled=True) is Method.SMS
    assert FULL.method_in_force(sms_enabled=False) is Method.APP
    assert replace(FULL, phone=None).method_in_force(sms_enabled=True) is Method.APP
    assert replace(FULL, method=Method.APP).method_in_force(sms_enabled=True) is Method.APP


def test_what_nothing_was_said_about_is_as_every_app_assumes() -> None:
    """An otpauth URI that names no parameters means these."""
    credential = Credential(Secret(b"s"), active=False)
    assert (credential.digits, credential.period, credential.algorithm) == (6, 30, Algorithm.SHA1)
    assert credential.created_at == 0
    account = Account("alice", 1000, 7)
    assert (account.method, account.enrol_opened_at, account.counters) == (Method.APP, 0, Counters())
    assert not account.phone_confirmed
    assert account.counters == Counters((), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "")
    assert not Bypass(1).once
