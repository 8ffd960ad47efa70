"""Asking the notifier: what is sent, and what each answer means."""

from pathlib import Path

import pytest

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire import notification
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, parse
from rw2fa_daemon.wire.notification import (
    ACTIVATED,
    ANSWER_SECONDS,
    PROGRAM_SECONDS,
    announce,
    read_outcome,
    write_notice,
)
from tests.support.scripted_daemon import Close, Expect, ScriptedDaemon, Send, Wait, compose

PROGRAM = Path("/usr/local/bin/tell")
FIELDS = {"v": "1", "program": str(PROGRAM), "event": ACTIVATED, "user": "alice"}


def test_a_notice_names_program_event_and_user() -> None:
    assert parse(write_notice(PROGRAM, ACTIVATED, "alice")) == Message("announce", FIELDS)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Message("done", {}), ""),
        (Message("refused", {"reason": "busy"}), "busy"),
        (Message("refused", {}), "no reason given"),
        (Message("report", {"reason": "busy"}), "no answer to the question"),
    ],
)
def test_only_done_means_that_somebody_was_told(answer: Message, reason: str) -> None:
    assert read_outcome(answer) == reason


def test_an_announcement_that_was_made_raises_nothing(tmp_path: Path) -> None:
    with ScriptedDaemon(tmp_path, [Expect("announce"), Send(compose("done"))]) as notifier:
        announce(notifier.socket, PROGRAM, ACTIVATED, "alice")
    assert notifier.received[0].fields == FIELDS


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ([Expect("announce"), Send(compose("refused", reason="it ended with status 3"))], "it ended with status 3"),
        ([Expect("announce"), Close()], "empty packet"),
        ([Expect("announce"), Wait(0.1)], "timed out"),
    ],
)
def test_an_announcement_that_was_not_made_is_a_problem(
    tmp_path: Path, script: list[Expect | Send | Wait | Close], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if told == "timed out":
        monkeypatch.setattr(notification, "ANSWER_SECONDS", 0.05)
    with ScriptedDaemon(tmp_path, script) as notifier, pytest.raises(Problem, match=told):
        announce(notifier.socket, PROGRAM, ACTIVATED, "alice")


def test_the_longest_reason_is_told_whole(tmp_path: Path) -> None:
    reason = "a" * (MESSAGE_MAX - len(compose("refused", reason="")))
    with (
        ScriptedDaemon(tmp_path, [Expect("announce"), Send(compose("refused", reason=reason))]) as notifier,
        pytest.raises(Problem) as raised,
    ):
        announce(notifier.socket, PROGRAM, ACTIVATED, "alice")
    assert reason in raised.value.what


def test_where_there_is_no_notifier_it_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="does not answer") as raised:
        announce(tmp_path / "notify.sock", PROGRAM, ACTIVATED, "alice")
    assert "rw2fa-notify.socket" in raised.value.fix


def test_promise_11_an_answer_is_waited_for_longer_than_a_program_may_take() -> None:
    assert ANSWER_SECONDS > PROGRAM_SECONDS
