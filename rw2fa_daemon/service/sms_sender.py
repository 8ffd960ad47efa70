"""Sends SMS: in turn, a few at a time, none twice, and none that a limit forbids."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.config.config import Config
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.circuit import CLOSED, Circuit
from rw2fa_daemon.core.phone import ending
from rw2fa_daemon.core.policy import Decision
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.quota import DAY_SECONDS, Limit, Quota
from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.sms import DeliveryReport, DeliveryState, SmsError, SmsMessage
from rw2fa_daemon.core.transitions import Context
from rw2fa_daemon.core.twilio import UNCERTAIN, Kind, TwilioError, explain
from rw2fa_daemon.service.batcher import Batcher
from rw2fa_daemon.service.exposition import Family, gauge
from rw2fa_daemon.service.loop import Loop
from rw2fa_daemon.service.relay_client import RelayClient, Unanswered
from rw2fa_daemon.service.sms_delivery import SmsDeliveries
from rw2fa_daemon.store.secrets import TWILIO_TOKEN
from rw2fa_daemon.store.store import StateProblem, Store
from rw2fa_daemon.wire.message import Message, ProtocolError
from rw2fa_daemon.wire.relay import START_SECONDS
from rw2fa_daemon.wire.sms import SmsOutcome, SmsRequest, compose_sms, read_sms

UNDER_WAY_MAX: Final = 200
"""Messages that the relay has at once: fewer than it has places, since others ask it as well."""
WAITING_MAX: Final = 1_000
"""Messages that wait for their turn; one more fails at once."""
WAITING_SECONDS: Final = 120.0
"""How long a message may wait: by then its login has hardly gone on."""
SEND_SECONDS: Final = 15.0
"""What Twilio is given, the relay's repetitions and all."""

_OUTCOMES: Final = {
    Unanswered.NOT_TAKEN: SmsOutcome(sent=False, problem="the relay cannot be reached"),
    Unanswered.LOST: SmsOutcome(sent=False, unknown=True, problem="the relay was lost"),
}
_OF_THE_CIRCUIT: Final = frozenset((Kind.RETRY, Kind.DOWN))
_LIMIT_RULES: Final = {
    Limit.USER: Rule.SMS_LIMIT_USER,
    Limit.NUMBER: Rule.SMS_LIMIT_NUMBER,
    Limit.SOURCE: Rule.SMS_LIMIT_SOURCE,
    Limit.HOST: Rule.SMS_LIMIT_HOST,
}

_DOWN: Final = SmsError(
    Rule.SMS_DOWN, Prompt.SMS_DOWN.value, "messages failed in a row, and none has gone out since", again=True
)
_NOT_SET_UP: Final = SmsError(
    Rule.SMS_NOT_SET_UP,
    Prompt.SMS_NOT_SET_UP.value,
    "account, token or sender are missing; `rw2fa sms configure` sets them",
)
_TOO_MANY: Final = SmsError(
    Rule.SMS_BUSY, Prompt.SMS_DOWN.value, "too many messages wait for their turn already", again=True
)
_TOO_LATE: Final = SmsError(Rule.SMS_BUSY, Prompt.SMS_DOWN.value, "its turn did not come in time", again=True)


@dataclass(frozen=True, slots=True)
class Order:
    """One message and its login: `wanted` says whether the login still waits for it, `report` is told how it fares."""

    sms: SmsMessage
    context: Context
    config: Config
    wanted: Callable[[], bool]
    report: Callable[[DeliveryReport], None]
    since: float
    """Monotonic seconds."""


class SmsSender:
    """Sends messages; knows when Twilio is down.

    A message that may have gone out is never sent again, whatever its outcome: nothing here puts one back into
    the queue.
    """

    def __init__(self, loop: Loop, batcher: Batcher, relay: RelayClient, audit: Callable[[Record], None]) -> None:
        self._loop = loop
        self._batcher = batcher
        self._relay = relay
        self._audit = audit
        self._deliveries = SmsDeliveries(loop, batcher, relay, audit)
        self._waiting: deque[Order] = deque()
        self._under_way = 0
        self._circuit: Circuit = CLOSED

    def look(self, context: Context, config: Config, number: Secret, done: Callable[[SmsError | None], None]) -> None:
        """Call `done` with why no message can go to this number, if that is known already."""
        rules = context.settings.sms
        if not (config.sms_account_sid and config.sms_sender) or rules is None:
            done(_NOT_SET_UP)
            return
        if not self._circuit.lets_through(self._loop.time()):
            done(_DOWN)
            return
        quotas, now = rules.quotas(context.name, number, context.source), int(context.now)

        def looked(found: tuple[bool, Quota | None] | StateProblem) -> None:
            if isinstance(found, StateProblem):
                done(SmsError(Rule.SMS_NOT_SET_UP, Prompt.SMS_NOT_SET_UP.value, str(found)))
                return
            has_token, full = found
            if not has_token:
                done(_NOT_SET_UP)
            else:
                done(None if full is None else _limit(full))

        self._batcher.call(
            lambda store: (store.secret(TWILIO_TOKEN) is not None, store.full_sms_quota(quotas, now)), looked
        )

    def post(self, order: Order) -> None:
        """Queue a message; `order.report` is told of it, perhaps at once."""
        if len(self._waiting) >= WAITING_MAX:
            self._fail(order, _TOO_MANY)
            return
        self._waiting.append(order)
        self._send_next()

    @property
    def problem(self) -> str:
        """Why no messages are sent, as far as is known; empty if nothing is wrong."""
        if self._circuit.closed:
            return ""
        return f"{self._circuit.failures} messages failed in a row, and none has gone out since"

    def families(self) -> tuple[Family, ...]:
        """For monitoring."""
        return (
            gauge(
                "rw2fa_sms_circuit_open",
                "Whether nobody is sent an SMS, since several failed.",
                not self._circuit.closed,
            ),
            gauge("rw2fa_sms_under_way", "SMS that are being sent.", self._under_way),
            gauge("rw2fa_sms_waiting", "SMS that wait for their turn.", len(self._waiting)),
        )

    # One message after the other

    def _send_next(self) -> None:
        while self._waiting and self._under_way < UNDER_WAY_MAX:
            order = self._waiting.popleft()
            if not order.wanted():
                continue
            if self._loop.time() > order.since + WAITING_SECONDS:
                self._fail(order, _TOO_LATE)
            elif not self._circuit.lets_through(self._loop.time()):
                self._fail(order, _DOWN)
            else:
                self._begin(order)

    def _begin(self, order: Order) -> None:
        self._under_way += 1
        sms, now = order.sms, int(order.context.now)

        def allow(store: Store) -> Secret | Quota | None:
            token = store.secret(TWILIO_TOKEN)
            return None if token is None else store.take_sms_quota(sms.quotas, now) or token

        def allowed(found: Secret | Quota | StateProblem | None) -> None:
            error = None
            if isinstance(found, Secret):
                # Both may have changed since; another message may be the one that finds out.
                if order.wanted() and self._circuit.lets_through(self._loop.time()):
                    self._hand_over(order, found)
                    return
                error = _DOWN if order.wanted() else None
            elif isinstance(found, StateProblem):
                error = SmsError(Rule.SMS_FAILED, Prompt.SMS_NOT_SET_UP.value, str(found))
            else:
                error = _NOT_SET_UP if found is None else _limit(found)
            self._ended()
            if error is not None:
                self._fail(order, error)

        self._batcher.call(allow, allowed)

    def _hand_over(self, order: Order, token: Secret) -> None:
        config, sms = order.config, order.sms
        request = SmsRequest(
            config.sms_account_sid, token, config.sms_sender, sms.to, sms.body, config.sms_api_url, SEND_SECONDS
        )
        try:
            packet = compose_sms(request)
        except ProtocolError as error:
            self._ended()
            self._fail(
                order, SmsError(Rule.SMS_FAILED, Prompt.SMS_NOT_SET_UP.value, f"no such message can be sent: {error}")
            )
            return
        self._circuit = self._circuit.attempted(self._loop.time())
        self._relay.ask(packet, SEND_SECONDS + START_SECONDS, lambda answer: self._answered(order, answer))

    def _answered(self, order: Order, answer: Message | Unanswered) -> None:
        outcome = _outcome(answer)
        now, was = self._loop.time(), self._circuit
        error = None if outcome.sent else UNCERTAIN if outcome.unknown else explain(outcome.code, outcome.http_status)
        counts = error is not None and error.kind in _OF_THE_CIRCUIT
        self._circuit = was.failed(now) if counts else was.succeeded()
        self._tell_of_circuit(was)
        self._ended()
        if error is None:
            self._sent(order, outcome)
        else:
            self._not_sent(order, outcome, error)

    def _ended(self) -> None:
        self._under_way -= 1
        # Not at once: a queue of messages that all fail would nest too deep.
        self._loop.call_soon(self._send_next)

    # What became of it

    def _sent(self, order: Order, outcome: SmsOutcome) -> None:
        context = order.context
        followed = self._deliveries.follow(outcome.sid, context, order.config)
        reason = f"{_to(order)}, {outcome.sid}, {outcome.status}{'' if followed else '; too many to follow it'}"
        self._audit(context.at(time.time()).record(Event.SMS_SENT, Decision.CODE, Rule.SMS, reason))
        order.report(DeliveryReport(DeliveryState.SENT))

    def _not_sent(self, order: Order, outcome: SmsOutcome, error: TwilioError) -> None:
        reason = f"{_to(order)}: {error.administrator}{f' ({outcome.problem})' if outcome.problem else ''}"
        self._audit(order.context.at(time.time()).record(Event.SMS_FAILED, Decision.CODE, Rule.SMS_FAILED, reason))
        state = DeliveryState.UNKNOWN if outcome.unknown else DeliveryState.FAILED
        order.report(DeliveryReport(state, error.user, again=error.kind in _OF_THE_CIRCUIT))

    def _fail(self, order: Order, error: SmsError) -> None:
        """Nothing was sent, and Twilio had no part in it."""
        event = Event.SMS_REFUSED if error.limit else Event.SMS_FAILED
        reason = f"{_to(order)}: {error.reason}"
        self._audit(order.context.at(time.time()).record(event, Decision.CODE, error.rule, reason))
        order.report(DeliveryReport(DeliveryState.FAILED, error.user, again=error.again))

    def _tell_of_circuit(self, was: Circuit) -> None:
        at = time.time()
        if was.closed and not self._circuit.closed:
            reason = f"{self._circuit.failures} messages failed in a row: people are told at once until one goes out"
            self._audit(Record(Event.SMS_DOWN, at, decision=Decision.DENY, rule=Rule.SMS_DOWN, reason=reason))
        elif self._circuit.closed and not was.closed:
            self._audit(Record(Event.SMS_UP, at, decision="done", rule=Rule.SMS_UP, reason="messages go out again"))


def _outcome(answer: Message | Unanswered) -> SmsOutcome:
    if isinstance(answer, Unanswered):
        return _OUTCOMES[answer]
    try:
        return read_sms(answer)
    except ProtocolError as error:
        return SmsOutcome(sent=False, unknown=True, problem=f"the relay is not understood: {error}")


def _to(order: Order) -> str:
    return f"to the number ending {ending(order.sms.to.reveal().decode())}"


_WHOSE: Final = {
    Limit.USER: "for one user",
    Limit.NUMBER: "to one number",
    Limit.SOURCE: "because of logins from one address",
    Limit.HOST: "from this host",
}


def _limit(quota: Quota) -> SmsError:
    period = "a day" if quota.seconds == DAY_SECONDS else "an hour"
    reason = f"there were {quota.at_most} messages {period} {_WHOSE[quota.limit]}, as many as the settings allow"
    return SmsError(_LIMIT_RULES[quota.limit], Prompt.SMS_LIMIT.value, reason, limit=True)
