"""The whole conversation against a real daemon: words, counters, enrolment."""

import re
from base64 import b32decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rw2fa_daemon.core.lockout import FREE_FAILURES
from rw2fa_daemon.core.otp import code_at
from rw2fa_daemon.core.secret import Secret
from tests.support.daemon import HOST_USERS, Site

WRONG = "0123456789"
"""A guess of the right form; one in two million of them is right."""


def test_enrolment_shows_one_secret_until_it_is_confirmed(site: Site) -> None:
    with site.daemon():
        with site.hook() as first:
            shown = first.open("daemon")["text"]
        with site.hook() as second:
            text = second.open("daemon")["text"]
            assert text == shown
            key = re.search(r"key +([A-Z2-7 ]+)", text)
            assert key is not None
            site.secrets["daemon"] = Secret(b32decode(key.group(1).replace(" ", "")))
            words = second.reply(site.code("daemon"))["text"]
            second.send("reply", n="2", none="empty")
            answer = second.receive()
        assert (answer["rc"], answer["rule"], answer["mint"]) == ("SUCCESS", "activated", "1")
        recovery = re.findall(r"^  (\w{4}-\w{4}-\w{4})$", words, re.MULTILINE)
        assert len(recovery) == 10
        for word in (recovery[3], recovery[7].upper().replace("-", "")):
            assert site.login("daemon", word)["rule"] == "recovery-code"
            assert site.login("daemon", word)["verb"] == "ask"
        assert site.login("daemon", site.code("daemon", 1))["rule"] == "code-right"


def test_a_wrong_first_code_before_the_right_one_changes_nothing_about_the_recovery_codes(site: Site) -> None:
    with site.daemon():
        with site.hook() as hook:
            key = re.search(r"key +([A-Z2-7 ]+)", hook.open("daemon")["text"])
            assert key is not None
            site.secrets["daemon"] = Secret(b32decode(key.group(1).replace(" ", "")))
            right = site.code("daemon")
            assert hook.reply(f"{(int(right) + 1) % 10**6:06d}")["verb"] == "ask"
            words = re.findall(r"^  (\w{4}-\w{4}-\w{4})$", hook.reply(right, n=2)["text"], re.MULTILINE)
        assert len(set(words)) == 10
        for word in words[:3]:
            assert site.login("daemon", word)["rule"] == "recovery-code"


@pytest.mark.parametrize("digits", [4, 6, 8, 10, 11, 12])
def test_every_number_of_digits_works_end_to_end(site: Site, digits: int) -> None:
    site.write_config(f"[settings]\ndigits = {digits}\ndiscrepancy = 1\n")
    site.enrol("daemon", digits=digits)
    with site.daemon():
        assert site.login("daemon", site.code("daemon"))["rule"] == "code-right"


def test_promise_8_failures_survive_restarts_and_lock(site: Site) -> None:
    site.enrol("daemon", "bin")
    for number in range(FREE_FAILURES + 1):
        with site.daemon():
            outcome = site.login("daemon", WRONG)
            assert outcome.get("rule") == ("locked" if number == FREE_FAILURES else None)
    with site.daemon():
        assert site.login("daemon", site.code("daemon"))["rule"] == "locked"
        assert site.login("bin", site.code("bin"))["rule"] == "code-right"


def test_promise_8_failures_are_counted_exactly_under_concurrency(site: Site) -> None:
    site.enrol(*HOST_USERS)
    people = HOST_USERS[:6]
    with site.daemon(), ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(site.login, name, WRONG) for name in people for _ in range(FREE_FAILURES)]:
            done.result()
    for name in people:
        account = site.account(name)
        assert account is not None
        assert (account.counters.failures, account.counters.wide_guesses) == (FREE_FAILURES, FREE_FAILURES)


def test_promise_2_answers_that_are_none_charge_nothing(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon():
        for none in ("blind", "badform", "empty", "eof"):
            with site.hook() as hook:
                assert hook.open("daemon")["verb"] == "ask"
                hook.send("reply", n="1", none=none)
                assert hook.receive()["rc"] == "AUTH_ERR"
        with site.hook() as hook:
            hook.open("daemon")
    account = site.account("daemon")
    assert account is not None
    assert account.counters.failures == 0


def test_promise_2_what_is_not_a_code_ends_the_conversation_unread(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon():
        for value in (
            "my password",
            "123456789",
            "12345678901",
            "\u0661\u0662\u0663\u0664\u0665\u0666\u0661\u0662\u0663\u0664",
        ):
            with site.hook() as hook:
                hook.open("daemon")
                assert hook.reply(value) == {}
    audit = (site.state / "audit.jsonl").read_text()
    assert "my password" not in audit
    account = site.account("daemon")
    assert account is not None
    assert account.counters.failures == 0


def test_promise_4_account_wants_evidence_for_this_uid(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon():
        answers = []
        for more in (
            {},
            {"evidence": "code-right", "evidence_uid": "1"},
            {"evidence": "code-right", "evidence_uid": "2"},
        ):
            with site.hook() as hook:
                answers.append(hook.open("daemon", phase="account", **more)["rc"])
    assert answers == ["PERM_DENIED", "IGNORE", "PERM_DENIED"]


def test_promise_14_a_key_as_first_factor_asks_for_a_code_and_leaves_a_person_not_enabled_alone(site: Site) -> None:
    site.write_config(scope=["daemon"])
    site.enrol("daemon")
    with site.daemon():
        with site.hook() as hook:
            assert hook.open("daemon", slot="key", first="publickey")["verb"] == "ask"
            assert hook.reply(site.code("daemon"))["rc"] == "SUCCESS"
        with site.hook() as hook:
            assert hook.open("daemon", slot="key")["rc"] == "IGNORE"
        with site.hook() as hook:
            assert hook.open("bin", slot="key", first="publickey")["rc"] == "IGNORE"
        with site.hook() as hook:
            assert hook.open("bin", slot="key")["rc"] == "IGNORE"


def test_a_code_right_for_another_time_tells_about_the_clock(site: Site) -> None:
    site.enrol("daemon")
    with site.daemon():
        answer = site.login("daemon", site.code("daemon", -600))
    assert answer["rule"] == "code-outside-window"
    assert "300 minutes late" in (site.state / "audit.jsonl").read_text()


def test_nobody_is_asked_while_it_is_off(site: Site) -> None:
    site.write_config(enabled=False)
    site.enrol("daemon")
    with site.daemon():
        for service in ("sshd", "xrdp-sesman", "sudo"):
            assert site.login("daemon", "", service) == {"verb": "end", "rc": "IGNORE", "rule": "off"}


def test_promise_3_no_secret_reaches_the_audit_or_the_process_list(site: Site) -> None:
    with site.daemon() as daemon:
        with site.hook() as hook:
            text = hook.open("daemon")["text"]
            key = re.search(r"key +([A-Z2-7 ]+)", text)
            assert key is not None
            secret = Secret(b32decode(key.group(1).replace(" ", "")))
            code = code_at(secret, 1, 6)
            hook.reply(code)
        process = Path(f"/proc/{daemon.pid}")
        seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        seen += (site.state / "audit.jsonl").read_bytes()
        limits = (process / "limits").read_text()
    for leak in (key.group(1), key.group(1).replace(" ", ""), secret.reveal().hex(), "otpauth", code):
        assert leak.encode() not in seen
    assert re.search(r"Max core file size +0 +0 ", limits)
