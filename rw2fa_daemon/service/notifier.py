"""Announces events through the notifier, without waiting for it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.service.relay_client import RelayClient, Unanswered
from rw2fa_daemon.wire import notification
from rw2fa_daemon.wire.message import Message

ANNOUNCED: Final = {
    Event.ACTIVATED: notification.ACTIVATED,
    Event.RECOVERY_CODE_USED: notification.RECOVERY_CODE_USED,
    Event.RECOVERY_CODES_MADE: notification.RECOVERY_CODES_MADE,
}
"""Audit events that are announced, and what they are called there."""


class Notifier:
    """Watches the audit. An announcement that fails is audited, and refuses no login."""

    def __init__(
        self, notifier: RelayClient, program: Callable[[], Path | None], logons: Callable[[], bool] = lambda: False
    ) -> None:
        self._notifier = notifier
        self._program = program
        """The administrator's program, or None."""
        self._logons = logons
        """Whether logons at the portal are announced, too."""
        self._under_way = 0

    def watching(self, write: Callable[[Record], None]) -> Callable[[Record], None]:
        """`write` that also announces what is to be announced."""

        def watched(record: Record) -> None:
            write(record)
            name, program = self._name(record), self._program()
            if name is not None and program is not None:
                self._announce(program, name, record.user, write)

        return watched

    def _name(self, record: Record) -> str | None:
        """What a record is called where it is announced."""
        if record.rule == Rule.LOGON and self._logons():
            return notification.LOGON
        return ANNOUNCED.get(record.event)

    def _announce(self, program: Path, name: str, user: str, write: Callable[[Record], None]) -> None:
        def failed(reason: str) -> None:
            write(Record(Event.NOTICE_FAILED, time.time(), user, decision="done", rule=name, reason=reason))

        def done(answer: Message | Unanswered) -> None:
            self._under_way -= 1
            reason = answer.value if isinstance(answer, Unanswered) else notification.read_outcome(answer)
            if reason:
                failed(f"nobody was told: {reason}")

        if self._under_way >= notification.AT_ONCE_MAX:
            failed("nobody was told: too many announcements at once")
            return
        self._under_way += 1
        self._notifier.ask(notification.write_notice(program, name, user), notification.ANSWER_SECONDS, done)
