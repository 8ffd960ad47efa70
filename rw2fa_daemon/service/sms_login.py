"""The SMS of one login."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core import conversation
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.sms import NO_ATTEMPT, DeliveryReport, DeliveryState, SmsAttempt, SmsError, SmsMessage
from rw2fa_daemon.core.sms_stage import BLIND_SECONDS
from rw2fa_daemon.core.transitions import Context, ConversationState, Stage, Transition
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.service.loop import Timer
from rw2fa_daemon.service.sms_sender import Order
from rw2fa_daemon.store.store import StateProblem

_UNDER_WAY: Final = DeliveryReport(DeliveryState.UNDER_WAY)
_NOT_WRITTEN: Final = DeliveryReport(DeliveryState.FAILED, Prompt.CANNOT_JUDGE.value, again=True)


class SmsLogin:
    """Waits the blind second after a question, has messages sent, and knows how the latest one fares.

    `alive` says whether the login still goes on: nothing is sent for one that has ended.
    """

    def __init__(self, services: LoginServices, alive: Callable[[], bool]) -> None:
        self._services = services
        self._alive = alive
        self._timer: Timer | None = None
        self.sms_attempt: SmsAttempt = NO_ATTEMPT

    def look(self, context: Context, account: Account | None, done: Callable[[SmsError | None], None]) -> None:
        """Call `done` with what stands in the way of a message, if that is known before the question."""
        if account is None or account.phone is None:
            done(None)
            return
        config = self._services.rules().config
        self._services.sms.look(context, config, account.phone, done)

    def told(self, transition: Transition, context: Context) -> None:
        """A transition was sent to the hook."""
        if transition.sms is not None:
            self._post(transition.sms, context)
        elif (state := _to_be_sent(transition)) is not None and self.sms_attempt.report.state is DeliveryState.NONE:
            self._timer = self._services.loop.call_later(BLIND_SECONDS, self._due, state, context)

    def heard(self) -> None:
        """The hook has answered, or hung up: what is sent, the answer decides."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self, state: ConversationState, context: Context) -> None:
        self._timer = None
        if not self._alive():
            return
        now = context.at(time.time())
        # From here on an answer finds it under way, although it is not even written down yet.
        self.sms_attempt = SmsAttempt(self.sms_attempt.number + 1, _UNDER_WAY)

        def written(outcome: Transition | StateProblem) -> None:
            if isinstance(outcome, StateProblem):
                self._report(_NOT_WRITTEN)
            elif outcome.sms is None:
                self.sms_attempt = NO_ATTEMPT
            else:
                self._hand_in(outcome.sms, now)

        self._services.batcher.submit(context.name, lambda account: conversation.sms_due(state, account, now), written)

    def _post(self, sms: SmsMessage, context: Context) -> None:
        self.sms_attempt = SmsAttempt(self.sms_attempt.number + 1, _UNDER_WAY)
        self._hand_in(sms, context)

    def _hand_in(self, sms: SmsMessage, context: Context) -> None:
        services = self._services
        number = self.sms_attempt.number

        def report(how: DeliveryReport) -> None:
            if number == self.sms_attempt.number:
                self._report(how)

        services.sms.post(Order(sms, context, services.rules().config, self._alive, report, services.loop.time()))

    def _report(self, how: DeliveryReport) -> None:
        self.sms_attempt = replace(self.sms_attempt, report=how)


def _to_be_sent(transition: Transition) -> ConversationState | None:
    """Where the conversation stands, if a message goes out unless an answer comes first."""
    state = transition.state
    return state if state is not None and state.stage is Stage.SMS and not state.on_request else None
