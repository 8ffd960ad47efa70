"""Logins by text message: daemon, relay and Twilio's interface, the hook spoken by hand."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from rw2fa_daemon.core.account import Account, Credential
from rw2fa_daemon.core.recovery_codes import RECOVERY_CODES
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.service.sms_delivery import ASKED_AFTER
from tests.integration.sms.sender import Office, audit, enter, events, quiet_for
from tests.support.daemon import wait_until
from tests.support.fake_twilio import Become, Drop, error

NAME = "daemon"


@pytest.fixture
def phoned(office: Office) -> Office:
    """Somebody with a confirmed number."""
    office.give_numbers([NAME])
    return office


def test_a_right_code_lets_in_and_is_delivered_in_the_audit(phoned: Office) -> None:
    with phoned.site.daemon():
        ended = phoned.login(NAME)
        assert (ended["rc"], ended["rule"]) == ("SUCCESS", "code-right")
        wait_until(lambda: "sms-delivered" in events(phoned, NAME), 30)
    # The code may be typed before Twilio's answer is back.
    assert sorted(events(phoned, NAME)) == ["accepted", "sms-delivered", "sms-sent"]
    moments = {record["event"]: float(record["at"]) for record in audit(phoned)}
    assert moments["sms-delivered"] >= moments["accepted"] + ASKED_AFTER[0] / 2, "when it was learnt"
    (text,) = phoned.twilio.texts
    assert text.body.startswith("Your ")
    assert text.to == phoned.numbers[NAME]


def test_a_first_code_activates_and_hands_out_recovery_codes_that_work(office: Office) -> None:
    office.give_numbers([NAME], confirmed=False)
    with office.site.daemon():
        with office.site.hook() as hook:
            asked = hook.open(NAME)
            noted = hook.reply(office.code(NAME))
            words = [line.strip() for line in noted["text"].splitlines() if line.startswith("  ")]
            assert len(words) == RECOVERY_CODES
            assert enter(hook, 2)["rule"] == "activated"
        account = office.site.account(NAME)
        assert account is not None
        assert account.activated
        with office.site.hook() as hook:
            asked = hook.open(NAME)
            assert "word" in asked["form"]
            assert hook.reply(words[3])["rule"] == "recovery-code"
    assert len(office.twilio.texts) == 1


def test_a_recovery_code_that_is_typed_at_once_sends_no_message(phoned: Office) -> None:
    store = phoned.site.store()
    words = store.code_hasher().new(NAME, 2)
    store.close()
    phoned.change(NAME, lambda account: replace(account, recovery=words.digests))
    with phoned.site.daemon():
        with phoned.site.hook() as hook:
            hook.open(NAME)
            assert hook.reply(words.codes[0])["rule"] == "recovery-code"
        assert quiet_for(phoned, 1.5)


def test_enter_sends_another_code_when_the_time_has_come(phoned: Office) -> None:
    with phoned.site.daemon(), phoned.site.hook() as hook:
        hook.open(NAME)
        first = phoned.code(NAME)
        enter(hook, 1)
        phoned.change(NAME, sent_a_minute_ago)
        asked = enter(hook, 2)
        if "still being sent" in asked["text"]:  # the answer of Twilio was on its way
            asked = enter(hook, int(asked["n"]))
        assert "Another code is on its way" in asked["text"]
        second = phoned.code(NAME, 2)
        assert first != second
        wrong = hook.reply(first, int(asked["n"]))
        assert "not accepted" in wrong["text"]
        assert hook.reply(second, int(wrong["n"]))["rc"] == "SUCCESS"
    assert len(phoned.twilio.texts) == 2


def sent_a_minute_ago(account: Account) -> Account:
    assert account.sms_code is not None
    return replace(account, sms_code=replace(account.sms_code, sent_at=account.sms_code.sent_at - 60))


def test_a_phone_that_answered_stop_is_told_so_and_the_login_ends(phoned: Office) -> None:
    phoned.twilio.always(phoned.numbers[NAME], error(21610))
    with phoned.site.daemon(), phoned.site.hook() as hook:
        hook.open(NAME)
        wait_until(lambda: "sms-failed" in events(phoned, NAME), 30)
        hook.send("reply", n="1", none="empty")
        ended = hook.told(hook.receive())
        assert "has replied STOP" in ended["text"]
        assert (ended["verb"], ended["rule"]) == ("end", "sms-failed")
    assert "The recipient replied STOP" in audit(phoned)[0]["reason"]


def test_a_message_that_is_not_delivered_is_audited_with_the_reason(phoned: Office) -> None:
    phoned.twilio.will(Become(("queued", "undelivered"), 30005))
    with phoned.site.daemon():
        with phoned.site.hook() as hook:
            hook.open(NAME)
            phoned.code(NAME)
        wait_until(lambda: "sms-undelivered" in events(phoned, NAME), 30)
    assert "operator does not know the number" in audit(phoned)[-1]["reason"]


def test_promise_1_a_message_that_may_have_been_sent_is_not_sent_again(phoned: Office) -> None:
    phoned.twilio.will(Drop(taken=True))
    with phoned.site.daemon(), phoned.site.hook() as hook:
        hook.open(NAME)
        code = phoned.code(NAME)
        wait_until(lambda: "sms-failed" in events(phoned, NAME), 20)
        asked = enter(hook, 1)
        assert "may be late, or lost" in asked["text"]
        assert "seconds ago" in enter(hook, 2)["text"]
        assert hook.reply(code, 3)["rc"] == "SUCCESS", "it did come"
    assert len(phoned.twilio.texts) == 1


def failed(office: Office, name: str) -> bool:
    return "sms-failed" in events(office, name)


def test_when_twilio_is_down_people_are_told_at_once_until_it_is_back(office: Office) -> None:
    people = ["daemon", "bin", "sys", "games", "man"]
    office.give_numbers(people)
    for name in people:
        office.twilio.always(office.numbers[name], error(20503))
    with office.site.daemon():
        for name in people[:4]:
            with office.site.hook() as hook:
                hook.open(name)
                wait_until(partial(failed, office, name), 30)
        ended = office.login("man")
        assert (ended["rule"], ended["rc"]) == ("sms-down", "AUTH_ERR")
        assert "Try again in a minute" in ended["text"]
    assert "sms-down" in [record["event"] for record in audit(office)]


@pytest.mark.parametrize("lack", ["token", "account", "sender"])
def test_a_host_that_is_not_set_up_says_so_before_it_asks(phoned: Office, lack: str) -> None:
    if lack == "token":
        store = phoned.site.store()
        store.forget_secret("twilio_token")
        store.close()
    text = phoned.site.config.read_text()
    keys = {"account": "account_sid", "sender": "phone_number"}
    phoned.site.config.write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith(keys.get(lack, "?")))
    )
    with phoned.site.daemon():
        ended = phoned.login(NAME)
    # Without a number of its own the host has no country.
    assert ended["rule"] == ("sms-country" if lack == "sender" else "sms-not-set-up")
    assert "Tell your administrator" in ended["text"] or "Ask your administrator" in ended["text"]


def test_promise_10_a_country_that_is_not_allowed_gets_no_message(office: Office) -> None:
    office.give_numbers([NAME], number="+3361234{:04d}")
    with office.site.daemon():
        assert office.login(NAME)["rule"] == "sms-country"
    assert [(record["event"], record["rule"]) for record in audit(office)] == [("sms-refused", "sms-country")]
    assert office.twilio.requests == []


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ("per_user = 2", "sms-limit-user"),
        ("per_number = 2", "sms-limit-number"),
        ("per_source = 2", "sms-limit-source"),
        ("per_day = 2", "sms-limit-host"),
    ],
)
def test_promise_10_no_more_messages_go_out_than_a_limit_says(office: Office, setting: str, rule: str) -> None:
    office.configure(setting)
    office.give_numbers([NAME])
    for restart in (False, True):
        with office.site.daemon():
            if not restart:
                for _ in range(2):
                    assert office.login(NAME, rhost="192.0.2.7")["rc"] == "SUCCESS"
            ended = office.login(NAME, rhost="192.0.2.7")
            assert (ended["rule"], ended["text"]) == (rule, "Too many messages were sent already. Try again later.")
    assert len(office.twilio.texts) == 2
    assert audit(office)[-1]["event"] == "sms-refused"


def test_promise_10_logins_at_once_let_no_more_messages_out_than_a_limit_says(office: Office) -> None:
    office.configure("per_day = 3")
    people = ["daemon", "bin", "sys", "games", "man", "lp"]
    office.give_numbers(people)
    with office.site.daemon():
        hooks = [office.site.hook() for _ in people]
        for hook, name in zip(hooks, people, strict=True):
            assert hook.open(name)["verb"] == "ask"
        wait_until(lambda: len([r for r in audit(office) if r["event"] in {"sms-sent", "sms-refused"}]) == 6, 20)
        for hook in hooks:
            hook.connection.close()
    assert len(office.twilio.texts) == 3


def test_while_sms_are_switched_off_the_app_is_asked(phoned: Office) -> None:
    phoned.configure(enabled=False)
    secret = phoned.site.secrets[NAME] = Secret(b"k" * 20)
    phoned.site.digits[NAME] = 10
    phoned.change(NAME, lambda account: replace(account, credential=Credential(secret, active=True, digits=10)))
    with phoned.site.daemon():
        assert phoned.site.login(NAME, phoned.site.code(NAME))["rc"] == "SUCCESS"
        phoned.configure()
        phoned.reload()
        assert phoned.login(NAME)["rc"] == "SUCCESS"
    assert len(phoned.twilio.texts) == 1


def test_promise_8_wrong_codes_are_charged_across_a_restart(phoned: Office) -> None:
    rules = []
    for tries in (3, 2):
        with phoned.site.daemon(), phoned.site.hook() as hook:
            hook.open(NAME)
            rules += [hook.reply("000000", n).get("rule") for n in range(1, tries + 1)]
    assert rules == [None, None, "code-wrong", None, "locked"]
    account = phoned.site.account(NAME)
    assert account is not None
    assert (account.counters.failures, account.counters.narrow_guesses) == (5, 5)


def test_promise_3_number_code_and_token_are_in_no_record(phoned: Office, tmp_path: Path) -> None:
    with phoned.site.daemon() as daemon:
        phoned.login(NAME)
        code = phoned.twilio.codes(phoned.numbers[NAME])[0]
        wait_until(lambda: "sms-delivered" in events(phoned, NAME), 30)
        command_lines = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    assert daemon.stderr is not None
    said = json.dumps(audit(phoned))
    for secret in (phoned.numbers[NAME], phoned.twilio.token, code):
        assert secret not in said
        assert secret.encode() not in command_lines
    assert "the number ending 00" in said
    # At rest too: what lies in the state folder is no clear text (promise 7).
    files = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir() if path.is_file())
    assert [secret for secret in (phoned.numbers[NAME], phoned.twilio.token) if secret.encode() in files] == []
