"""A running daemon acts on what the command changed, at once; one that is down is no obstacle."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.command import Host
from tests.support.world.phone import Phone

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the daemon takes logins from root only")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Host]:
    """A host with a running daemon, switched on, with nobody in the scope."""
    host = Host(tmp_path)
    host.configure("enabled = true")
    host.does("init")
    with host.daemon():
        yield host


def test_item_1_the_next_login_of_somebody_who_was_added_meets_the_qr_code(served: Host, alice: str) -> None:
    with served.hook() as hook:
        assert hook.open(alice)["rule"] == "not-enabled"
    done = served.rw2fa("users", "add", alice)
    assert (done.status, done.err) == (0, "")
    with served.hook() as hook:
        assert hook.open(alice)["verb"] == "ask"
    served.does("users", "remove", alice, "--yes")
    with served.hook() as hook:
        assert hook.open(alice)["rule"] == "not-enabled"


def test_a_login_shows_the_secret_that_enrol_handed_out(served: Host, alice: str) -> None:
    served.does("users", "add", alice)
    secret = served.json("users", "enrol", alice)["secret"]
    with served.hook() as hook:
        assert secret in hook.open(alice)["text"].replace(" ", "")


def test_the_status_sees_it(served: Host) -> None:
    assert served.json("status")["daemon"] == "running"
    assert "running since" in served.does("status")


def test_a_change_that_needs_a_restart_is_told(served: Host) -> None:
    done = served.rw2fa("settings", "set", "paths.state", str(served.folder / "elsewhere"))
    assert done.status == 0
    assert "the daemon keeps its old configuration: [paths] state cannot change while the daemon runs" in done.err


def test_without_a_daemon_the_change_is_made_and_that_is_told(host: Host, alice: str) -> None:
    done = host.rw2fa("users", "add", alice)
    assert done.status == 0
    assert "rw2fa: note: the daemon is not running; it reads the configuration when it starts" in done.err
    assert host.json("users", "show", alice)["enabled"] is True


def test_what_the_command_hands_out_opens_a_login_once(served: Host, alice: str) -> None:
    served.does("users", "add", alice)
    phone = Phone(served.json("users", "enrol", alice)["uri"])
    first = served.json("users", "confirm", alice, phone.fresh())["recovery_codes"][0]
    word = served.json("users", "recovery", alice)["recovery_codes"][0]
    for typed, rule in ((first, "code-wrong"), (word, "recovery-code"), (word, "code-wrong")):
        with served.hook() as hook:
            hook.open(alice)
            answer = hook.reply(typed)
            assert answer.get("rule", "code-wrong") == rule
            assert (answer["verb"] == "ask") is (rule == "code-wrong")
    assert served.json("users", "show", alice)["recovery_codes_left"] == 9


def test_a_bypass_lets_one_login_in_and_the_next_is_asked(served: Host, alice: str) -> None:
    served.does("users", "add", alice)
    served.does("users", "bypass", alice, "--for", "1h", "--once", "--reason", "lost phone")
    with served.hook() as hook:
        assert hook.open(alice)["rule"] == "bypass"
    with served.hook() as hook:
        assert hook.open(alice)["verb"] == "ask"
    assert served.json("users", "show", alice)["bypass"] is None
