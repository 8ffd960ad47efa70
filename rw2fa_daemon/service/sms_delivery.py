"""What became of messages that Twilio took: polled a few times, since Twilio cannot call this host."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.transitions import Context
from rw2fa_daemon.core.twilio import ARRIVED_STATUSES, NOT_DELIVERED, explain
from rw2fa_daemon.service.batcher import Batcher
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.relay_client import RelayClient, Unanswered
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.message import Message, ProtocolError
from rw2fa_daemon.wire.relay import START_SECONDS
from rw2fa_daemon.wire.sms import Credentials, SmsStatus, compose_status, read_sms_status

ASKED_AFTER: Final = (5.0, 15.0, 60.0, 300.0)
"""Seconds after a message was taken."""
FOLLOWED_MAX: Final = 256
"""Messages that are followed at once; what became of others is in Twilio's console only."""
UNDER_WAY_MAX: Final = 4
ASK_SECONDS: Final = 10.0
LATER_SECONDS: Final = 1.0
"""Before the next attempt, when UNDER_WAY_MAX are under way."""

_UNKNOWN: Final = SmsStatus("", None, final=False)


@dataclass(frozen=True, slots=True)
class _Followed:
    sid: str
    context: Context
    config: Config
    taken_at: float


class SmsDeliveries:
    """Follows messages until their status is final, or for as long as ASKED_AFTER says, and audits how it ended."""

    def __init__(self, loop: Loop, batcher: Batcher, relay: RelayClient, audit: Callable[[Record], None]) -> None:
        self._loop = loop
        self._batcher = batcher
        self._relay = relay
        self._audit = audit
        self._followed = 0
        self._under_way = 0

    def follow(self, sid: str, context: Context, config: Config) -> bool:
        """Follow a message of this login; False if too many are followed already."""
        if self._followed >= FOLLOWED_MAX:
            return False
        self._followed += 1
        self._wait(_Followed(sid, context, config, self._loop.time()), 0)
        return True

    def _wait(self, message: _Followed, count: int) -> None:
        self._loop.call_at(message.taken_at + ASKED_AFTER[count], self._ask, message, count)

    def _ask(self, message: _Followed, count: int) -> None:
        if self._under_way >= UNDER_WAY_MAX:
            self._loop.call_later(LATER_SECONDS, self._ask, message, count)
            return
        self._under_way += 1

        def answered(answer: Message | Unanswered) -> None:
            self._answered(message, count, _status(answer))

        def found(token: Secret | StateProblem | None) -> None:
            if not isinstance(token, Secret):
                self._answered(message, count, _UNKNOWN)
                return
            config = message.config
            credentials = Credentials(config.sms_account_sid, token, config.sms_api_url)
            packet = compose_status(credentials, message.sid, ASK_SECONDS)
            self._relay.ask(packet, ASK_SECONDS + START_SECONDS, answered)

        self._batcher.call(lambda store: store.secret(TWILIO_TOKEN), found)

    def _answered(self, message: _Followed, count: int, status: SmsStatus) -> None:
        self._under_way -= 1
        if not status.final and count + 1 < len(ASKED_AFTER):
            self._wait(message, count + 1)
            return
        self._followed -= 1
        self._audit(_record(message, status, time.time()))


def _status(answer: Message | Unanswered) -> SmsStatus:
    if isinstance(answer, Unanswered):
        return _UNKNOWN
    try:
        return read_sms_status(answer)
    except ProtocolError:
        return _UNKNOWN


def _record(message: _Followed, status: SmsStatus, now: float) -> Record:
    def record(event: Event, reason: str) -> Record:
        return message.context.at(now).record(event, Decision.CODE, Rule.SMS, f"{message.sid}: {reason}")

    if status.status in ARRIVED_STATUSES:
        return record(Event.SMS_DELIVERED, status.status)
    if status.final:
        error = NOT_DELIVERED if status.code is None else explain(status.code, None)
        return record(Event.SMS_UNDELIVERED, f"{status.status}: {error.administrator}")
    last = status.status or f"not known, {status.problem or 'since it could not be asked for'}"
    return record(Event.SMS_UNCONFIRMED, f"no report of its delivery in {ASKED_AFTER[-1]:.0f} seconds; status {last}")
