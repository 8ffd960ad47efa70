"""The administrator's command and a daemon that runs: what is changed holds for the next login."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rw2fa_daemon.core.circuit import FAILURES_TO_OPEN
from tests.integration.cli.command import Host
from tests.integration.sms.sender import enter
from tests.support.daemon import wait_until
from tests.support.fake_twilio import ACCOUNT_SID, SENDER, TOKEN, FakeTwilio, error

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")

NAME = "daemon"
NUMBER = "+12025550123"
OTHER = "+12025550145"


@pytest.fixture
def host(tmp_path: Path, twilio: FakeTwilio) -> Iterator[Host]:
    """A running daemon that knows nothing of SMS yet, and somebody who has nothing yet."""
    host = Host(tmp_path)
    host.write_config(f'[sms]\napi_url = "{twilio.url}"\n', scope=[NAME, "bin"])
    host.initialise()
    with host.daemon():
        yield host


@pytest.fixture
def texting(host: Host) -> Host:
    """SMS configured and enabled, by the command alone."""
    done = host.process("sms", "configure", "--account-sid", ACCOUNT_SID, "--from", SENDER, stdin=f"{TOKEN}\n")
    assert done.status == 0, done.err
    host.does("sms", "enable")
    return host


def code_in_message(twilio: FakeTwilio, number: str, count: int = 1) -> str:
    wait_until(lambda: len(twilio.codes(number)) >= count, 20)
    return twilio.codes(number)[-1]


def signs_in(host: Host, twilio: FakeTwilio, number: str, count: int = 1) -> bool:
    with host.hook() as hook:
        asked = hook.open(NAME)
        assert f"number ending {number[-2:]}" in asked["text"], asked
        ended = hook.reply(code_in_message(twilio, number, count))
        if ended["verb"] == "ask" and "written them down" in ended["text"]:
            ended = enter(hook, int(ended["n"]))
        return ended.get("rc") == "SUCCESS"


def test_row_12_from_nothing_to_a_login_by_command_alone(texting: Host, twilio: FakeTwilio) -> None:
    texting.does("users", "edit", NAME, "--sms", NUMBER)
    assert texting.json("explain", NAME, "--service", "sshd")["decision"] == "code"
    assert texting.json("users", "show", NAME)["activated"] is False
    assert signs_in(texting, twilio, NUMBER)
    told = texting.json("users", "show", NAME)
    assert (told["activated"], told["method"], told["phone"]) == (True, "sms", "+1…23")
    assert texting.json("status")["users_activated"] == 1


def test_row_9_a_new_number_is_confirmed_by_a_login(texting: Host, twilio: FakeTwilio) -> None:
    texting.does("users", "edit", NAME, "--sms", NUMBER)
    assert signs_in(texting, twilio, NUMBER)
    texting.does("users", "edit", NAME, "--sms", OTHER)
    assert texting.json("users", "show", NAME)["activated"] is False
    assert signs_in(texting, twilio, OTHER)
    assert texting.json("users", "show", NAME)["activated"] is True


def test_row_2_without_sms_the_next_login_enrols_an_app(texting: Host, twilio: FakeTwilio) -> None:
    texting.does("users", "edit", NAME, "--sms", NUMBER)
    assert signs_in(texting, twilio, NUMBER)
    texting.does("sms", "disable", "--yes")
    with texting.hook() as hook:
        assert "key " in hook.open(NAME)["text"]
    assert texting.json("explain", NAME, "--service", "sshd")["decision"] == "enrol"
    texting.does("sms", "enable")
    assert signs_in(texting, twilio, NUMBER, 2)


def test_another_token_holds_for_the_next_message(texting: Host, twilio: FakeTwilio) -> None:
    texting.does("users", "edit", NAME, "--sms", NUMBER)
    twilio.token = "0" * 32
    with texting.hook() as hook:
        hook.open(NAME)
        wait_until(lambda: any("20003" in one["reason"] or "token" in one["reason"] for one in failed(texting)), 20)
    done = texting.process("sms", "configure", stdin="0" * 32 + "\n")
    assert done.status == 0, done.err
    assert signs_in(texting, twilio, NUMBER)


def failed(host: Host) -> list[dict[str, str]]:
    records: list[dict[str, str]] = host.json("audit", "--since", "1h")
    return [record for record in records if record["event"] == "sms-failed"]


def test_where_messages_fail_in_a_row_status_and_doctor_say_so(texting: Host, twilio: FakeTwilio) -> None:
    texting.does("users", "edit", NAME, "--sms", NUMBER)
    assert texting.json("status")["daemon_report"]["sms"] == "ok"
    twilio.will(*[error(21611)] * FAILURES_TO_OPEN)
    for count in range(1, FAILURES_TO_OPEN + 1):
        with texting.hook() as hook:
            hook.open(NAME)
            wait_until(lambda count=count: len(failed(texting)) >= count, 20)  # type: ignore[misc]  # bound now
    assert f"{FAILURES_TO_OPEN} messages failed in a row" in texting.json("status")["daemon_report"]["sms"]
    assert f"on, from {SENDER}; {FAILURES_TO_OPEN} messages failed in a row" in texting.does("status")
    findings = json.loads(texting.rw2fa("doctor", "--json").out)
    (finding,) = [one for one in findings if one["check"] == "daemon-sms"]
    assert (finding["ok"], "no codes are sent by SMS" in finding["detail"]) == (False, True)


def test_a_word_is_said_for_each_message_in_the_audit(texting: Host, twilio: FakeTwilio) -> None:
    texting.does("users", "edit", NAME, "--sms", NUMBER)
    assert signs_in(texting, twilio, NUMBER)
    (sent,) = [one for one in texting.json("audit", "--user", NAME) if one["event"] == "sms-sent"]
    assert twilio.texts[0].sid in sent["reason"]
    everything = json.dumps(texting.json("audit", "--since", "1h"))
    assert NUMBER not in everything
    assert twilio.codes(NUMBER)[0] not in everything
