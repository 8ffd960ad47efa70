"""`rw2fa sms` and `rw2fa users edit`, where nothing is sent."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pexpect
import pytest

from rw2fa_daemon.core.account import Account, Method
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from tests.integration.cli.command import Done, Host
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN
from tests.support.world.phone import Phone

NUMBER = "+33612345678"
DAY_SECONDS = 86_400


def configure(host: Host, *more: str, token: str = TOKEN, sender: str = SENDER) -> Done:
    arguments = ("sms", "configure", "--account-sid", ACCOUNT_SID, "--from", sender, "--offline", *more)
    return host.process(*arguments, stdin=f"{token}\n")


@pytest.fixture
def configured(host: Host) -> Host:
    done = configure(host)
    assert done.status == 0, done.err
    return host


def token_of(host: Host) -> bytes | None:
    store = host.store()
    try:
        kept = store.secret(TWILIO_TOKEN)
    finally:
        store.close()
    return None if kept is None else kept.reveal()


def stored(host: Host, name: str) -> Account:
    account = host.account(name)
    assert account is not None
    return account


def with_number(host: Host, name: str, *, confirmed: bool = True, app: bool = False) -> None:
    """Somebody who gets codes by SMS, as if a first one had come back."""
    host.does("users", "add", name)
    if app:
        phone = Phone(host.json("users", "enrol", name)["uri"])
        host.does("users", "confirm", name, phone.fresh())
    host.does("users", "edit", name, "--sms", NUMBER)
    store = host.store()
    store.transact(name, lambda account: (replace(account, phone_confirmed=confirmed) if account else None, None))
    store.close()


# --- configure and show ----------------------------------------------------------------------------------------------


def test_row_12_account_and_sender_go_into_the_file_and_the_token_into_the_state(host: Host) -> None:
    done = configure(host)
    assert done.status == 0
    assert "SMS are sent from +15005550006, by the account AC…cdef; the token is stored encrypted." in done.out
    assert "They were not checked with Twilio." in done.out
    assert host.json("settings", "get", "sms.account_sid")["value"] == ACCOUNT_SID
    assert host.json("settings", "get", "sms.phone_number")["value"] == SENDER
    assert token_of(host) == TOKEN.encode()


def test_promise_7_the_token_is_in_no_file_in_clear(configured: Host) -> None:
    for path in configured.folder.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


def test_promise_3_the_token_is_on_no_command_line_and_in_no_answer(configured: Host) -> None:
    help_text = configured.does("sms", "configure", "--help")
    assert "--token" not in help_text
    shown = configured.does("sms", "show") + json.dumps(configured.json("sms", "show"))
    shown += json.dumps(configured.json("settings", "list")) + json.dumps(configured.json("audit", "--since", "1h"))
    assert TOKEN not in shown


def test_what_is_shown_of_the_account_is_masked(configured: Host) -> None:
    told = configured.json("sms", "show")
    assert (told["enabled"], told["ready"], told["missing"]) == (False, True, [])
    assert (told["account_sid"], told["token_stored"], told["phone_number"]) == ("AC…cdef", True, SENDER)
    assert (told["minutes"], told["allowed"], told["segments"]["count"]) == (10, ["+1"], 1)
    assert told["limits"] == {"per_user": 20, "per_number": 20, "per_source": 30, "per_day": 1000}
    text = configured.does("sms", "show")
    assert ACCOUNT_SID not in text
    assert "stored, encrypted" in text


def test_what_is_missing_is_shown(host: Host) -> None:
    told = host.json("sms", "show")
    assert told["ready"] is False
    assert [one.partition(";")[0] for one in told["missing"]] == [
        "no Twilio account is set",
        "no sender is set",
        "the token of the Twilio account is not stored",
    ]
    assert "run: rw2fa sms configure" in host.does("sms", "show")


@pytest.mark.parametrize(
    ("arguments", "token", "reason"),
    [
        (("--account-sid", "AC12"), TOKEN, "--account-sid: AC12 is not AC and 32 hexadecimal digits"),
        (("--from", "0612345678"), TOKEN, "--from: 0612345678 is neither a number with + and calling code"),
        ((), "hunter2", "that is not a token, which is 32 hexadecimal digits"),
        ((), f"{TOKEN}0", "that is not a token"),
        ((), "", "no token was given for that account; type it, or give it on standard input"),
    ],
)
def test_what_has_not_the_form_is_refused_and_nothing_changes(
    host: Host, arguments: tuple[str, ...], token: str, reason: str
) -> None:
    before = host.stored()
    done = configure(host, *arguments, token=token)
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert reason in done.err
    assert token not in done.err or not token
    assert host.stored() == before
    assert token_of(host) is None


def test_what_was_never_given_is_asked_for_by_name(host: Host) -> None:
    done = host.process("sms", "configure", "--offline", stdin=TOKEN)
    assert done.err == "rw2fa: the account SID is not set yet; give it with --account-sid\n"


def test_a_sender_can_change_alone(configured: Host) -> None:
    done = configured.process("sms", "configure", "--from", "+44 20 7946-0123", "--offline")
    assert done.status == 0, done.err
    assert configured.json("settings", "get", "sms.phone_number")["value"] == "+442079460123"
    assert token_of(configured) == TOKEN.encode()


def test_another_account_wants_its_own_token(configured: Host) -> None:
    other = "AC" + "0" * 32
    done = configured.process("sms", "configure", "--account-sid", other, "--offline")
    assert done.status == 1
    assert "no token was given for that account" in done.err
    assert configured.json("settings", "get", "sms.account_sid")["value"] == ACCOUNT_SID


def full(host: Host) -> Path:
    """Have the next change of the configuration file fail, as on a disk that is full."""
    obstacle = host.config.with_name(f".{host.config.name}.new")
    obstacle.mkdir()
    return obstacle


def test_where_the_file_cannot_be_written_the_token_stays_what_it_was(configured: Host) -> None:
    full(configured)
    arguments = ("sms", "configure", "--account-sid", "AC" + "0" * 32, "--offline")
    done = configured.process(*arguments, stdin="0" * 32 + "\n")
    assert (done.status, "could not be written and is unchanged" in done.err) == (1, True)
    assert token_of(configured) == TOKEN.encode()
    assert configured.json("settings", "get", "sms.account_sid")["value"] == ACCOUNT_SID


def test_where_there_was_no_token_a_change_that_fails_leaves_none(host: Host) -> None:
    full(host)
    assert configure(host).status == 1
    assert token_of(host) is None


def test_what_a_dropin_overrides_is_refused_before_anything_changes(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice)
    before = stored(configured, alice)
    folder = configured.folder / "rw2fa.toml.d"
    folder.mkdir(mode=0o755)
    (folder / "site.toml").write_text("sms.enabled = true\n")
    (folder / "site.toml").chmod(0o644)
    assert "sms.enabled is set by" in configured.refuses("sms", "disable", "--yes")
    assert stored(configured, alice) == before


def test_where_a_dropin_names_the_account_the_token_stays_what_it_was(configured: Host) -> None:
    folder = configured.folder / "rw2fa.toml.d"
    folder.mkdir(mode=0o755)
    dropin = folder / "site.toml"
    dropin.write_text(f'sms.account_sid = "{ACCOUNT_SID}"\n')
    dropin.chmod(0o644)
    done = configured.process(
        *("sms", "configure", "--account-sid", "AC" + "0" * 32, "--offline"), stdin="0" * 32 + "\n"
    )
    assert "sms.account_sid is set by" in done.err
    assert token_of(configured) == TOKEN.encode()


def test_on_a_terminal_it_asks_and_does_not_show_the_token(host: Host) -> None:
    command, *arguments = host.argv("sms", "configure", "--offline")
    terminal = pexpect.spawn(command, arguments, encoding="utf-8", timeout=30)
    shown = ""
    for question, answer in [
        ("Account SID: ", "AC12"),
        ("that is not AC and 32 hexadecimal digits.*Account SID: ", ACCOUNT_SID),
        ("Sender: ", SENDER),
        (r"Auth token \(not shown\): ", TOKEN),
    ]:
        terminal.expect(question)
        shown += str(terminal.before) + str(terminal.after)
        terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert TOKEN not in shown + str(terminal.before)
    assert token_of(host) == TOKEN.encode()


def test_the_record_says_who_configured_it(configured: Host) -> None:
    (record, *_) = [one for one in configured.json("audit", "--since", "1h") if "configure" in one["reason"]]
    assert record["reason"].startswith("rw2fa sms configure --offline, from +15005550006, by ")


# --- enable and disable ----------------------------------------------------------------------------------------------


def test_sms_are_not_switched_on_before_they_can_be_sent(host: Host) -> None:
    assert host.refuses("sms", "enable") == (
        "no Twilio account is set; no sender is set; the token of the Twilio account is not stored;"
        " run: rw2fa sms configure"
    )
    assert configure(host, sender="Example").status == 0
    assert "so no SMS may be sent; set calling codes" in host.refuses("sms", "enable")
    host.does("settings", "set", "sms.countries", "33,+49")
    assert "numbers that begin with +33, +49" in host.does("sms", "enable")


def test_sms_go_on_and_off(configured: Host) -> None:
    configured.does("sms", "enable")
    assert configured.json("sms", "show")["enabled"] is True
    assert configured.json("status")["sms"] is True
    configured.does("sms", "disable")
    assert configured.json("sms", "show")["enabled"] is False


def test_row_2_without_sms_everybody_without_an_app_gets_a_window(
    configured: Host, alice: str, bob: str, carol: str
) -> None:
    configured.does("settings", "set", "window", "1")
    configured.does("sms", "enable")
    with_number(configured, alice)
    with_number(configured, bob, app=True)
    configured.does("users", "add", carol)
    reason = configured.refuses("sms", "disable")
    assert f"Switch SMS off, so that {alice} must enrol an authenticator app to log in?" in reason
    assert configured.json("users", "show", alice)["activated"] is True
    before = int(time.time())
    told = configured.json("sms", "disable", "--yes")
    assert [(one["user"], one["token"]) for one in told["must_enrol"]] == [(alice, None)]
    assert before <= stored(configured, alice).enrol_opened_at <= time.time()
    alice_now, bob_now = (configured.json("users", "show", name) for name in (alice, bob))
    assert (alice_now["method"], alice_now["method_in_force"], alice_now["activated"]) == ("sms", "app", False)
    assert alice_now["enrolment_until"] == told["must_enrol"][0]["enrolment_until"]
    assert (bob_now["method"], bob_now["method_in_force"], bob_now["activated"]) == ("sms", "app", True)
    configured.does("sms", "enable")
    assert configured.json("users", "show", alice)["activated"] is True


def test_where_nobody_enrols_at_a_login_it_is_said(configured: Host, alice: str) -> None:
    configured.does("settings", "set", "window", "0")
    configured.does("sms", "enable")
    with_number(configured, alice)
    assert f"use: rw2fa users enrol {alice}" in configured.does("sms", "disable", "--yes")


def test_where_enrolment_takes_a_word_it_is_given(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice)
    configured.does("settings", "set", "enrolment.proof", "token")
    assert f"Enrolment token for {alice}" in configured.does("sms", "disable", "--yes")
    assert configured.json("users", "show", alice)["token_pending"] is True


# --- users -----------------------------------------------------------------------------------------------------------


def test_row_9_a_number_is_checked_and_shown_masked(configured: Host, alice: str) -> None:
    configured.does("settings", "set", "sms.countries", "33")
    configured.does("sms", "enable")
    configured.does("users", "add", alice)
    done = configured.rw2fa("users", "edit", alice, "--sms", "+33 6 12 34 56 78")
    assert done.out == (f"{alice} is sent a code to +33…78 at the next login, which activates that number.\n")
    assert done.err == ""
    told = configured.json("users", "show", alice)
    assert (told["method"], told["phone"], told["activated"]) == ("sms", "+33…78", False)
    assert stored(configured, alice).phone == Secret(NUMBER.encode())
    assert "sms +33…78" in configured.does("users", "list")
    assert "number not confirmed yet; the next login sends a code" in configured.does("users", "show", alice)
    assert NUMBER not in json.dumps(configured.json("audit", "--since", "1h"))


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("", "that is not a phone number"),
        ("0612345678", "that number does not say its country"),
        ("+3361234567", "no phone has a number like that"),
    ],
)
def test_row_9_there_is_no_sms_without_a_right_number(host: Host, alice: str, number: str, reason: str) -> None:
    host.does("users", "add", alice)
    assert reason in host.refuses("users", "edit", alice, "--sms", number)
    assert host.json("users", "show", alice)["method"] == "app"


def test_sms_or_app_is_one_of_two(host: Host, alice: str) -> None:
    host.does("users", "add", alice)
    assert host.rw2fa("users", "edit", alice).status == 2
    assert host.rw2fa("users", "edit", alice, "--app", "--sms", NUMBER).status == 2
    assert "does not have two-factor authentication" in host.refuses("users", "edit", "sys", "--app")


def test_it_is_said_when_a_number_is_of_no_use_yet(host: Host, alice: str) -> None:
    host.does("users", "add", alice)
    done = host.rw2fa("users", "edit", alice, "--sms", NUMBER)
    assert done.status == 0
    assert "SMS are off, so codes come from the app" in done.err
    assert "no SMS can be sent to numbers that begin like this one" in done.err
    told = host.json("users", "show", alice)
    assert (told["method"], told["method_in_force"]) == ("sms", "app")
    assert told["enrolment_until"] is not None


def test_another_number_is_confirmed_anew_and_the_same_is_not(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice)
    assert configured.json("users", "edit", alice, "--sms", NUMBER)["activated"] is True
    told = configured.json("users", "edit", alice, "--sms", "+33612345679")
    assert (told["phone"], told["activated"]) == ("+33…79", False)


def test_row_9_the_app_that_was_there_before_counts_again(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice, app=True)
    told = configured.json("users", "edit", alice, "--app")
    assert told == {
        "user": alice,
        "method": "app",
        "phone": None,
        "activated": True,
        "enrolment_until": None,
        "token": None,
    }
    assert stored(configured, alice).phone is None


def test_row_9_who_has_no_app_gets_a_window(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice)
    text = configured.does("users", "edit", alice, "--app")
    assert f"{alice} is shown a QR code at the next login, until " in text
    assert stored(configured, alice).method is Method.APP
    assert configured.json("users", "show", alice)["enrolment_until"] is not None


def test_row_9_an_app_can_be_made_ready_before_codes_come_from_it(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice)
    phone = Phone(configured.json("users", "enrol", alice)["uri"])
    done = configured.rw2fa("users", "confirm", alice, phone.fresh())
    assert f"codes still come by SMS; to use the app, run: rw2fa users edit {alice} --app" in done.err
    assert configured.json("users", "show", alice)["method_in_force"] == "sms"
    assert configured.json("users", "edit", alice, "--app")["activated"] is True


def test_row_10_a_reset_keeps_the_number_and_has_it_confirmed_again(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice)
    (told,) = configured.json("users", "reset", alice, "--yes")
    assert told == {"user": alice, "enrolment_until": None, "token": None}
    now = configured.json("users", "show", alice)
    assert (now["method"], now["phone"], now["activated"]) == ("sms", "+33…78", False)
    assert "is sent a code to +33…78 at the next login" in configured.does("users", "reset", alice, "--yes")


def test_a_number_of_another_uid_is_not_set(configured: Host, alice: str) -> None:
    with_number(configured, alice)
    store = configured.store()
    store.transact(alice, lambda account: (replace(account, uid=12345) if account else None, None))
    store.close()
    assert "has another uid" in configured.refuses("users", "edit", alice, "--sms", NUMBER)


# --- doctor ----------------------------------------------------------------------------------------------------------


def findings(host: Host, check: str) -> list[dict[str, object]]:
    return [one for one in json.loads(host.rw2fa("doctor", "--json").out) if one["check"] == check]


def test_the_doctor_says_what_keeps_sms_from_going_out(configured: Host, alice: str, tmp_path: Path) -> None:
    assert [one["ok"] for one in findings(configured, "sms")] == [True]
    configured.does("sms", "enable")
    with_number(configured, alice)
    (abroad,) = findings(configured, "sms-countries")
    assert abroad["detail"] == "sms.countries does not allow SMS to the numbers of daemon"
    assert abroad["fix"] == "to allow their countries, run `rw2fa settings set sms.countries 1,33`"
    (relay,) = findings(configured, "sms-relay")
    assert "does not answer at" in str(relay["detail"])
    store = configured.store()
    store.forget_secret(TWILIO_TOKEN)
    store.close()
    (token,) = findings(configured, "sms")
    assert token["detail"] == "the token of the Twilio account is not stored"


def test_the_doctor_finds_who_is_left_without_an_app_when_sms_are_off(configured: Host, alice: str) -> None:
    configured.does("sms", "enable")
    with_number(configured, alice)
    configured.does("sms", "disable", "--yes")
    configured.config.write_text("enabled = true\n" + configured.config.read_text())
    assert all(one["ok"] for one in findings(configured, "enrolment"))
    store = configured.store()
    store.transact(alice, lambda account: (replace(account, enrol_opened_at=1) if account else None, None))
    store.sync_scope([], 1)
    store.sync_scope([alice], 1)
    store.close()
    (shut,) = findings(configured, "enrolment")
    assert "1 enabled users have no device and cannot enrol one now: daemon" in str(shut["detail"])
