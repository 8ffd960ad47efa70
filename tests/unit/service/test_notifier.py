"""What is announced of the audit, to whom, and what is audited where that fails."""

from pathlib import Path

import pytest

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.service.notifier import ANNOUNCED, Notifier
from rw2fa_daemon.service.relay_client import Unanswered
from rw2fa_daemon.wire import notification
from rw2fa_daemon.wire.message import Message
from rw2fa_daemon.wire.notification import ANSWER_SECONDS, write_notice
from tests.support.expected_calls import ANY, Call, ExpectedCalls

NOW = 1_790_000_000.0
PROGRAM = Path("/usr/local/bin/tell")
ACTIVATED = Record(Event.ACTIVATED, 1.0, "alice")
DONE = Message("done", {})


class Watched:
    """An audit that a notifier watches."""

    def __init__(self, calls: ExpectedCalls, program: Path | None = PROGRAM) -> None:
        self.calls = calls
        self.records: list[Record] = []
        self.write = Notifier(calls.double("relay"), lambda: program).watching(self.records.append)

    def announced(self, record: Record, name: str) -> Call:
        """Audit something that is announced; the question to the notifier."""
        packet = write_notice(PROGRAM, name, record.user)
        asked = self.calls.expect("relay.ask", packet, ANSWER_SECONDS, ANY)
        self.write(record)
        return asked


@pytest.fixture
def watched(calls: ExpectedCalls, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr("time.time", lambda: NOW)
    return Watched(calls)


@pytest.mark.parametrize(
    ("event", "name"),
    [(Event.ACTIVATED, notification.ACTIVATED), (Event.RECOVERY_CODE_USED, notification.RECOVERY_CODE_USED)],
)
def test_what_a_user_should_know_of_is_announced_after_it_is_audited(watched: Watched, event: Event, name: str) -> None:
    record = Record(event, 1.0, "alice")
    watched.announced(record, name).callback()(DONE)
    assert watched.records == [record]


@pytest.mark.parametrize("event", [event for event in Event if event not in ANNOUNCED])
def test_everything_else_is_only_audited(watched: Watched, event: Event) -> None:
    record = Record(event, 1.0, "alice")
    watched.write(record)
    assert watched.records == [record]


def test_without_a_program_nothing_is_announced(calls: ExpectedCalls) -> None:
    watched = Watched(calls, None)
    watched.write(ACTIVATED)
    assert watched.records == [ACTIVATED]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Unanswered.NOT_TAKEN, "nobody was told: nobody took the request"),
        (Message("refused", {"reason": "it ended with status 3"}), "nobody was told: it ended with status 3"),
    ],
)
def test_an_announcement_that_fails_is_audited_and_not_announced(
    watched: Watched, answer: Message | Unanswered, reason: str
) -> None:
    watched.announced(ACTIVATED, notification.ACTIVATED).callback()(answer)
    assert watched.records[1:] == [
        Record(Event.NOTICE_FAILED, NOW, "alice", decision="done", rule=notification.ACTIVATED, reason=reason)
    ]


def test_promise_11_no_more_announcements_are_under_way_than_so_many(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notification, "AT_ONCE_MAX", 2)
    first, _ = [watched.announced(ACTIVATED, notification.ACTIVATED) for _ in range(2)]
    watched.write(ACTIVATED)
    assert [record.reason for record in watched.records if record.event is Event.NOTICE_FAILED] == [
        "nobody was told: too many announcements at once"
    ]
    first.callback()(DONE)
    watched.announced(ACTIVATED, notification.ACTIVATED)
