"""Where enrolment takes a word: who gets one, and who is told to fetch one."""

import os

import pytest

from tests.integration.cli.command import Host


@pytest.fixture
def guarded(bare: Host) -> Host:
    bare.configure('enabled = true\nenrolment.proof = "token"')
    bare.does("init")
    return bare


def test_each_user_who_is_added_gets_a_word(guarded: Host, alice: str, bob: str) -> None:
    told = guarded.json("users", "add", alice, bob)
    assert [row["entry"] for row in told] == [alice, bob]
    assert len({row["token"] for row in told}) == 2
    answer = guarded.json("explain", alice, "--service", "sshd")
    assert answer["rule"] == "enrol"
    assert "first asked for the enrolment token that was printed for the administrator" in answer["remarks"]
    assert guarded.json("users", "add", alice) == [{"entry": alice, "added": False, "token": None, "phone": None}]


def test_members_of_a_group_fetch_a_word_and_cannot_enrol_before(guarded: Host, bob: str, staff: str) -> None:
    done = guarded.rw2fa("users", "add", staff)
    assert f"each member of {staff} needs an enrolment token; print one with: rw2fa users reset USER" in done.err
    answer = guarded.json("explain", bob, "--service", "sshd")
    assert answer["rule"] == "enrol-closed"
    assert "none was made; `rw2fa users reset` prints one" in answer["remarks"][0]
    assert guarded.json("users", "show", bob)["enrolment_until"] is None
    assert f"needs an enrolment token; print one with: rw2fa users reset {bob}" in guarded.does(
        "users", "list", "--pending"
    )
    assert f"Enrolment token for {bob}" in guarded.does("users", "reset", bob, "--yes")
    assert guarded.json("explain", bob, "--service", "sshd")["rule"] == "enrol"


def test_without_proof_by_token_no_word_is_given(host: Host, alice: str) -> None:
    assert host.json("users", "add", alice) == [{"entry": alice, "added": True, "token": None, "phone": None}]
    assert host.account(alice) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")
def test_promise_10_the_daemon_asks_for_the_word_and_shows_nothing_before(
    guarded: Host, alice: str, bob: str, staff: str
) -> None:
    with guarded.daemon():
        word = guarded.json("users", "add", alice, staff)[0]["token"]
        with guarded.hook() as hook:
            assert hook.open(bob)["rule"] == "enrol-closed"
        with guarded.hook() as hook:
            assert "otpauth" not in hook.open(alice)["text"]
            assert "key " in hook.reply(word.upper())["text"]
