"""`rw2fa settings` and `whitelist`."""

import json

import pytest

from rw2fa_daemon.config.settings import ANY_SERVICE, SETTINGS
from tests.integration.cli.command import Host


def test_the_list_has_every_key_and_where_it_is_set(host: Host) -> None:
    host.does("settings", "set", "services.cups", "ignore")
    told = {row["key"]: row for row in host.json("settings", "list")}
    assert set(told) == {setting.key for setting in SETTINGS if setting.key != ANY_SERVICE} | {"services.cups"}
    assert told["settings.digits"]["value"] == told["settings.digits"]["default"] == 6
    assert told["settings.digits"]["set_in"] is None
    assert told["services.cups"]["value"] == "ignore"
    assert told["services.cups"]["set_in"] == str(host.config)
    text = host.does("settings", "list")
    assert all(key in text for key in told)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("digits", "8", "8"),
        ("settings.discrepancy", "0", "0"),
        ("issuer", "My Office", "My Office"),
        ("window", "14", "14"),
        ("exempt.networks", "192.0.2.0/24,2001:db8::/32", "192.0.2.0/24\n2001:db8::/32"),
        ("services.sshd", "code", "code"),
    ],
)
def test_a_setting_is_set_got_and_unset(host: Host, key: str, value: str, told: str) -> None:
    before = host.does("settings", "get", key)
    host.does("settings", "set", key, value)
    assert host.does("settings", "get", key) == told + "\n"
    host.does("settings", "unset", key)
    assert host.does("settings", "get", key) == before


def test_rows_15_to_20_have_the_manuals_defaults(host: Host) -> None:
    expected = {
        "discrepancy": "480",
        "issuer": "",
        "validity_after_first_session": "480",
        "validity_before_first_session": "3600",
        "digits": "6",
        "sms_message": "Your %ISSUER% verification code is: %CODE%",
    }
    assert {key: host.does("settings", "get", key).removesuffix("\n") for key in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("set", "digits", "13"), "settings.digits: cannot be 13; choose a whole number from 4 to 12"),
        (("set", "digits", "six"), 'settings.digits: cannot be "six"; give a whole number from 4 to 12'),
        (("set", "discrepancy", "-1"), "settings.discrepancy: cannot be -1; choose a whole number from 0 to 2880"),
        (
            ("set", "sms_message", "hello"),
            "settings.sms_message: does not contain %CODE%; put %CODE% where the code goes",
        ),
        (
            ("set", "sms.enabled", "true"),
            "sms.enabled is not changed by this command; use: rw2fa sms enable, or rw2fa sms disable",
        ),
        (("set", "flavour", "red"), "there is no setting flavour; look for the key with: rw2fa settings list"),
        (("get", "services.*"), "there is no setting services.*; look for the key with: rw2fa settings list"),
        (("get", "users"), "2 keys end in users; name one of: scope.users, exempt.users"),
        (
            ("set", "enabled", "true"),
            "enabled is not changed by this command; use: rw2fa enable, or rw2fa disable",
        ),
        (
            ("unset", "scope.users"),
            "scope.users is not changed by this command; use: rw2fa users add, or rw2fa users remove",
        ),
        (
            ("set", "exempt.users", "no-such-user"),
            "there is no user no-such-user; look for the name with: getent passwd no-such-user",
        ),
        (
            ("set", "services.SSHD", "code"),
            "services.SSHD: libpam converts service names to lower case; write sshd",
        ),
    ],
)
def test_what_cannot_be_set_is_refused_with_what_to_do(host: Host, arguments: tuple[str, ...], reason: str) -> None:
    before = host.stored()
    assert host.refuses("settings", *arguments) == reason
    assert host.stored() == before


def test_a_setting_that_a_dropin_overrides_is_refused_with_its_name(host: Host) -> None:
    folder = host.folder / "rw2fa.toml.d"
    folder.mkdir(mode=0o755)
    dropin = folder / "site.toml"
    dropin.write_text("settings.digits = 7\n")
    dropin.chmod(0o644)
    assert host.refuses("settings", "set", "digits", "8") == (
        f"settings.digits is set by {dropin}, which overrides {host.config}; change it in {dropin}, or remove it there"
    )
    assert host.json("settings", "get", "digits")["set_in"] == str(dropin)


def test_row_5_the_whitelist_takes_users_and_groups(host: Host, alice: str, staff: str) -> None:
    assert host.json("whitelist", "list") == []
    host.does("whitelist", "add", alice, staff)
    assert host.json("whitelist", "list") == [alice, staff]
    assert "was already on the whitelist" in host.does("whitelist", "add", alice)
    host.does("users", "add", alice)
    assert host.json("users", "show", alice)["whitelisted_by"] == [alice]
    host.does("whitelist", "remove", alice)
    assert host.json("whitelist", "list") == [staff]
    assert host.refuses("whitelist", "remove", alice) == (
        f"{alice}: not on the whitelist; look for the name with: rw2fa whitelist list"
    )
    assert "there is no user" in host.refuses("whitelist", "add", "no-such-user")


def test_somebody_who_is_gone_can_be_taken_off_the_whitelist(bare: Host) -> None:
    bare.configure('rdp.whitelist = ["gone"]')
    bare.does("whitelist", "remove", "gone")
    assert bare.json("whitelist", "list") == []


def test_promise_9_cheap_guessing_is_refused_unless_the_risk_is_accepted_and_that_is_shown(host: Host) -> None:
    reason = host.refuses("settings", "set", "digits", "4")
    assert "set it to at most 14, use more digits, or accept the risk" in reason
    assert "--accept-risk" in reason
    assert host.json("status")["guessing_risk_accepted"] is False
    told = host.does("settings", "set", "digits", "4", "--accept-risk")
    assert told == "settings.digits = 4\nguessing.accept_risk = true\n"
    assert host.json("status")["guessing_risk_accepted"] is True
    assert "Guessing                   the risk was accepted: with 4 digits" in host.does("status")
    (finding,) = [one for one in json.loads(host.rw2fa("doctor", "--json").out) if one["check"] == "guessing"]
    assert finding["ok"] is False
    assert "the risk of easy guesses was accepted" in finding["detail"]


def test_promise_9_the_list_states_the_chance_in_30_days(host: Host) -> None:
    (row,) = [row for row in host.json("settings", "list") if row["key"] == "guessing.budget"]
    assert 0 < row["chance_in_30_days"] < 0.01
    assert "\nGuessing: with 6 digits" in host.does("settings", "list")


ONE_SEGMENT = "characters of GSM-7 long and takes 1 segment"


def test_row_20_the_message_is_shown_with_what_it_costs(host: Host) -> None:
    host.does("settings", "set", "issuer", "Example")
    assert host.json("settings", "get", "sms_message")["segments"] == {
        "encoding": "GSM-7",
        "characters": len("Your Example verification code is: 123456"),
        "count": 1,
    }
    got = host.rw2fa("settings", "get", "sms_message")
    assert got.out == "Your %ISSUER% verification code is: %CODE%\n"
    assert f"with a code of 6 digits and the issuer Example an SMS is 41 {ONE_SEGMENT}" in got.err
    assert ONE_SEGMENT in host.does("settings", "list").splitlines()[-1]
    assert ONE_SEGMENT in host.does("settings", "set", "sms_message", "%CODE%")


@pytest.mark.parametrize(
    ("key", "value", "advice"),
    [
        ("sms_message", "x" * 160 + "%CODE%", "shorten settings.sms_message or settings.issuer to 160 characters"),
        ("sms_message", "ê" + "x" * 70 + "%CODE%", "to 70 characters in all, or remove ê, which an SMS of 160"),
        ("issuer", "x" * 39 + "€", "shorten settings.sms_message or settings.issuer to 160 characters in all"),
    ],
)
def test_row_20_more_than_a_segment_is_warned_of(host: Host, key: str, value: str, advice: str) -> None:
    host.does("settings", "set", "sms_message", "%CODE%" + "y" * 120 + "%ISSUER%")
    host.does("settings", "set", "issuer", "x" * 40)
    done = host.rw2fa("settings", "set", key, value)
    assert done.status == 0
    assert advice in done.err.replace("\n", " ")
    assert "takes 2 segments" in host.does("settings", "list")
    assert host.json("settings", "get", "sms_message")["segments"]["count"] == 2


def test_another_account_is_said_to_want_another_token(host: Host) -> None:
    done = host.rw2fa("settings", "set", "sms.account_sid", "AC" + "0" * 32)
    assert done.status == 0
    assert "set that of another one with: rw2fa sms configure" in done.err
