"""When the phone is gone: recovery codes, bypass, words to enrol again; and what an administrator sees of guesses."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from rw2fa_daemon.core.account import Account, Counters
from rw2fa_daemon.core.budget import Guessing, allowance
from rw2fa_daemon.core.lockout import FAILURES_MAX
from rw2fa_daemon.core.recovery_codes import HashedAttempt, without
from tests.integration.cli.command import Host
from tests.support.world.phone import Phone


def activate(host: Host, name: str) -> list[str]:
    """Enrol somebody who was added; gives the recovery codes."""
    phone = Phone(host.json("users", "enrol", name)["uri"])
    codes = host.json("users", "confirm", name, phone.fresh())["recovery_codes"]
    assert isinstance(codes, list)
    return codes


def digest(host: Host, name: str, word: str) -> bytes:
    store = host.store()
    try:
        return store.code_hasher().digest(name, word)
    finally:
        store.close()


def good_for(host: Host, name: str, word: str) -> bool:
    """Whether a recovery code is one of those that are stored."""
    account = host.account(name)
    assert account is not None
    return without(account.recovery, HashedAttempt(digest(host, name, word))) is not None


def change(host: Host, name: str, how: Callable[[Account], Account]) -> None:
    account = host.account(name)
    assert account is not None
    store = host.store()
    store.transact(name, lambda _: (how(account), None))
    store.close()


def count(host: Host, name: str, counters: Counters) -> None:
    change(host, name, lambda account: replace(account, counters=counters))


@pytest.fixture
def alice(host: Host, alice: str) -> str:
    """Added, in this module."""
    host.does("users", "add", alice)
    return alice


def test_confirm_hands_out_recovery_codes_as_a_login_does(host: Host, alice: str) -> None:
    codes = activate(host, alice)
    assert len(set(codes)) == 10
    assert all(good_for(host, alice, code) for code in codes)
    assert host.json("users", "show", alice)["recovery_codes_left"] == 10


def test_new_recovery_codes_replace_the_old(host: Host, alice: str) -> None:
    (old, *_), new = activate(host, alice), host.json("users", "recovery", alice)["recovery_codes"]
    assert len(new) == 10
    assert not good_for(host, alice, old)
    assert all(good_for(host, alice, code) for code in new)
    assert host.does("users", "recovery", alice).count("-") >= 20
    assert not good_for(host, alice, new[0])


def test_recovery_codes_are_for_who_is_activated(host: Host, alice: str) -> None:
    assert host.refuses("users", "recovery", alice) == (f"{alice} has no device yet; run: rw2fa users enrol {alice}")
    host.does("users", "enrol", alice)
    assert "has no device yet" in host.refuses("users", "recovery", alice)


def test_promise_3_neither_codes_nor_words_reach_the_audit(host: Host, alice: str) -> None:
    words = activate(host, alice) + host.json("users", "recovery", alice)["recovery_codes"]
    words.append(host.json("users", "reset", alice, "--yes")[0]["token"])
    records = "".join(path.read_text() for path in host.state.glob("audit.jsonl*")) + host.does("audit", "--json")
    assert "rw2fa users recovery" in records
    assert not any(word in records for word in words)


def test_an_activation_is_audited_as_one(host: Host, alice: str) -> None:
    activate(host, alice)
    record = host.json("audit", "--user", alice)[-1]
    assert (record["event"], record["rule"]) == ("activated", "activated")
    assert record["reason"].startswith("rw2fa users confirm, by ")


def test_a_bypass_is_given_shown_explained_audited_and_taken_back(host: Host, alice: str) -> None:
    host.config.write_text("enabled = true\n" + host.config.read_text())
    activate(host, alice)
    told = host.does("users", "bypass", alice, "--for", "1h", "--once", "--reason", "lost\nphone")
    assert f"{alice} signs in once without a code, until " in told
    shown = host.json("users", "show", alice)
    assert shown["bypass"]["once"] is True
    assert "signs in without a code once, until" in host.does("users", "list")
    answer = host.json("explain", alice, "--service", "sshd")
    assert (answer["decision"], answer["rule"]) == ("allow", "bypass")
    assert f"rw2fa users bypass {alice} --end" in answer["remarks"][-1]
    assert 'bypass --for 1h --once, because "lost phone", by ' in host.json("audit")[-1]["reason"]
    assert "needs a code again" in host.does("users", "bypass", alice, "--end")
    assert host.json("users", "show", alice)["bypass"] is None
    assert "had no bypass" in host.does("users", "bypass", alice, "--end")
    assert host.json("explain", alice, "--service", "sshd")["rule"] == "code"


def test_a_bypass_is_bounded_and_says_why(host: Host, alice: str) -> None:
    for length in ("8d", "0s"):
        reason = host.refuses("users", "bypass", alice, "--for", length, "--reason", "x")
        assert reason == f"a bypass of {length} is out of range; choose at most 7d"
    assert "no reason was given" in host.refuses("users", "bypass", alice, "--for", "1h", "--reason", " ")
    assert "too long" in host.refuses("users", "bypass", alice, "--for", "1h", "--reason", "x" * 201)
    assert host.rw2fa("users", "bypass", alice, "--for", "1h").status == 2
    assert host.rw2fa("users", "bypass", alice, "--end", "--once").status == 2
    assert host.account(alice) is None


def test_who_was_activated_needs_a_word_to_enrol_again(host: Host, alice: str) -> None:
    activate(host, alice)
    (told,) = host.json("users", "reset", alice, "--yes")
    account = host.account(alice)
    assert account is not None
    assert account.token == digest(host, alice, told["token"])
    assert host.json("users", "show", alice)["token_pending"] is True
    assert "can enrol with the token that was printed until" in host.does("users", "list")
    assert host.json("users", "reset", alice, "--yes")[0]["token"] is None, "not activated any more"


def test_the_word_can_be_left_out_and_that_is_audited(host: Host, alice: str) -> None:
    activate(host, alice)
    assert "Word to hand over" not in host.does("users", "reset", alice, "--no-token", "--yes")
    assert host.json("users", "show", alice)["token_pending"] is False
    assert host.json("audit")[-1]["reason"].startswith("rw2fa users reset --no-token, by ")


def test_a_lock_that_only_an_administrator_ends_is_shown_as_such(host: Host, alice: str) -> None:
    activate(host, alice)
    count(host, alice, Counters(failures=FAILURES_MAX))
    told = host.json("users", "show", alice)
    assert (told["locked"], told["locked_until"], told["failures"]) == (True, None, FAILURES_MAX)
    assert f"locked until unlocked with: rw2fa users unlock {alice}" in host.does("users", "show", alice)
    assert host.does("users", "unlock", alice) == f"{alice} can try again.\n"
    assert host.json("users", "show", alice)["locked"] is False


def test_promise_9_unlock_makes_the_guess_budget_whole(host: Host, alice: str) -> None:
    activate(host, alice)
    now, allowed = int(time.time()), allowance(6, Guessing(480, 0.003))
    count(host, alice, Counters(wide_guesses=allowed.wide, wide_at=now, narrow_guesses=allowed.narrow, narrow_at=now))
    told = host.json("users", "show", alice)
    assert (told["locked"], told["locked_by"]) == (True, "the guess budget is spent")
    assert f"{allowed.wide} of {allowed.wide} against the whole window" in host.does("users", "show", alice)
    host.does("users", "unlock", alice)
    told = host.json("users", "show", alice)
    assert (told["locked"], told["guesses"]["wide_spent"], told["guesses"]["narrow_spent"]) == (False, 0, 0)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (-14, "the phone is about 7 minutes slow"),
        (4, "the phone is about 2 minutes fast"),
        (-1, "the phone is on time"),
    ],
)
def test_row_14_drift_is_a_sentence(host: Host, alice: str, steps: int, sentence: str) -> None:
    activate(host, alice)
    count(host, alice, Counters(drift=steps))
    told = host.json("users", "show", alice)
    assert (told["drift_seconds"], told["drift"]) == (30 * steps, sentence)
    assert sentence in host.does("users", "show", alice)


def test_counters_start_anew_with_a_new_device(host: Host, alice: str) -> None:
    activate(host, alice)
    count(host, alice, Counters(failures=3))
    host.does("users", "reset", alice, "--yes")
    account = host.account(alice)
    assert account is not None
    assert account.counters == Counters()
