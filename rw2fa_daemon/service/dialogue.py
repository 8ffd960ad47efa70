"""A conversation with the state behind it: each event is a job, each outcome a message."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from rw2fa_daemon.core import conversation
from rw2fa_daemon.core.account import Counters
from rw2fa_daemon.core.account_state import row_of
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.clients import Qr
from rw2fa_daemon.core.conversation import Answer
from rw2fa_daemon.core.far_clock import Far, search
from rw2fa_daemon.core.page_text import page_text
from rw2fa_daemon.core.policy import AccountState
from rw2fa_daemon.core.recovery_codes import RECOVERY_CODES, CodeSet, HashedAttempt
from rw2fa_daemon.core.sms import SmsError
from rw2fa_daemon.core.transitions import Ask, Context, ConversationState, NoReply, Stage, Transition, finish
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.hashing import Full, Turn
from rw2fa_daemon.service.login_services import LoginServices
from rw2fa_daemon.service.sms_login import SmsLogin
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.login import has_form, read_reply, write_ask, write_end
from rw2fa_daemon.wire.message import Message, ProtocolError

UNUSABLE: Final = StateProblem("the state is not open", "see `rw2fa status`")
TOO_BUSY: Final = StateProblem("too many recovery codes wait to be hashed", "wait a moment; somebody may be guessing")

_FOR_EITHER: Final = frozenset((Stage.CODE, Stage.SMS))
_FOR_HASHED: Final = frozenset((Stage.TOKEN, Stage.RECOVERY))


class Dialogue:
    """Asks for a code, or for a first one, until the login ends."""

    __slots__ = ("_connection", "_context", "_question", "_services", "_sms_login")

    def __init__(self, services: LoginServices, connection: Connection, context: Context) -> None:
        self._services = services
        self._connection = connection
        self._context = context
        self._question: tuple[Ask, ConversationState] | None = None
        self._sms_login: SmsLogin | None = None
        """For a login by SMS, once that shows."""

    @property
    def about(self) -> Record:
        """An audit record of this login."""
        return self._context.record(Event.PROTOCOL_BROKEN, "", "")

    def begin(self) -> None:
        """Look at the account and ask, or end."""
        context = self._context
        self._connection.busy = True
        self._services.batcher.look(context.name, lambda account: conversation.begin(account, context), self._done)

    def take(self, message: Message) -> None:
        """Judge an answer."""
        if self._question is None:
            raise ProtocolError("answer without a question")
        ask, state = self._question
        value = read_reply(message, ask)
        if self._sms_login is not None:
            self._sms_login.heard()
        if isinstance(value, NoReply):
            self._answer(state, value)
        elif state.stage is Stage.ENROL or state.activates:
            self._with_recovery_codes(state, value)
        elif _is_hashed(state, ask, value):
            self._with_digest(state, value)
        else:
            self._answer(state, value)

    def hung_up(self) -> None:
        """Note that what was asked for is not coming."""
        if self._question is None:
            self._connection.close()
        else:
            if self._sms_login is not None:
                self._sms_login.heard()
            self._answer(self._question[1], NoReply.EOF)

    def _with_digest(self, state: ConversationState, typed: str) -> None:
        """Judge a recovery code or token, once it is hashed, if it will be judged at all."""
        code_hasher, name = self._services.state.code_hasher, self._context.name
        if code_hasher is None:
            self._done(UNUSABLE)
            return

        def begin(turn: Turn) -> None:
            context = self._fresh_context()

            def looked(outcome: Transition | StateProblem) -> None:
                if _nothing_to_say(outcome):
                    turn.hash(lambda: code_hasher.digest(name, typed), hashed)
                else:
                    turn.end()
                    self._done(outcome)

            self._services.batcher.look(name, lambda account: conversation.still_asked(state, account, context), looked)

        def hashed(digest: bytes) -> None:
            self._answer(state, HashedAttempt(digest))

        self._take_turn(state, begin)

    def _with_recovery_codes(self, state: ConversationState, code: str) -> None:
        """Judge a first code; if it is right, once more with recovery codes, to store them as it activates."""
        code_hasher, name = self._services.state.code_hasher, self._context.name
        if code_hasher is None:
            self._done(UNUSABLE)
            return
        context = self._fresh_context()

        def looked(outcome: Transition | StateProblem) -> None:
            if _nothing_to_say(outcome):
                self._take_turn(state, lambda turn: turn.hash(lambda: code_hasher.new(name), made), RECOVERY_CODES)
            else:
                self._done(outcome)

        def made(recovery: CodeSet) -> None:
            # As of when the code was typed: it does not get older by our work.
            self._judge(state, code, replace(self._fresh_context(), recovery=recovery, now=context.now))

        self._connection.busy = True
        self._services.batcher.look(
            name, lambda account: conversation.unless_it_activates(state, account, code, context), looked
        )

    def _take_turn(self, state: ConversationState, begin: Callable[[Turn], None], hashes: int = 1) -> None:
        """Wait until it is this user's turn to have codes hashed."""

        def refused(full: Full) -> None:
            self._done(TOO_BUSY if full is Full.HOST else conversation.crowded(state, self._fresh_context()))

        self._connection.busy = True
        self._services.hashing.take_turn(self._context.name, begin, refused, hashes)

    def _fresh_context(self) -> Context:
        """The context as of now."""
        sms_attempt = self._context.sms_attempt if self._sms_login is None else self._sms_login.sms_attempt
        self._context = replace(self._context, now=time.time(), sms_attempt=sms_attempt)
        return self._context

    def _answer(self, state: ConversationState, value: Answer) -> None:
        self._judge(state, value, self._fresh_context())

    def _judge(self, state: ConversationState, value: Answer, context: Context) -> None:
        self._context = context
        batcher = self._services.batcher
        # That there is no answer is only told.
        run = batcher.look if isinstance(value, NoReply) else batcher.submit
        self._connection.busy = True
        run(context.name, lambda account: conversation.reply(state, account, value, context), self._done)

    def _done(self, outcome: Transition | StateProblem) -> None:
        if isinstance(outcome, StateProblem):
            row = row_of(AccountState.UNUSABLE, self._context)
            outcome = finish(row, self._context, reason=str(outcome))
        if self._sms_login is None and outcome.state is not None and outcome.state.stage is Stage.SMS:
            self._look_first(outcome)
            return
        if outcome.far is not None and self._question is not None:
            self._look_far(self._question[1], outcome, outcome.far)
            return
        if self._context.client.qr is Qr.URI and isinstance(outcome.say, Ask) and outcome.state is not None:
            page = page_text(outcome.state.stage, outcome.say.text)
            outcome = replace(outcome, say=replace(outcome.say, text=page))
        tell(self._services, self._connection, outcome)
        if isinstance(outcome.say, Ask) and outcome.state is not None:
            self._question = (outcome.say, outcome.state)
        if self._sms_login is not None:
            self._sms_login.told(outcome, self._context)

    def _look_far(self, state: ConversationState, wrong: Transition, look: Far) -> None:
        """Before a code is called wrong, which is stored by now, look whether it is that of another hour."""
        services, context = self._services, self._context
        counters = wrong.account.counters if wrong.account is not None else Counters()

        def looked(step: int | None) -> None:
            if step is None:
                self._done(replace(wrong, far=None))
                return
            # Stored before it is said: a code that the user learns about is burned.
            services.batcher.submit(
                context.name,
                lambda account: replace(conversation.of_another_hour(state, account, wrong, step, context), far=None),
                self._done,
            )

        if not services.pieces.run(search(look, counters), looked):
            self._done(replace(wrong, far=None))

    def _look_first(self, asking: Transition) -> None:
        """Ask for the code of a message only if nothing is known that would keep one from going out."""
        self._sms_login = sms_login = SmsLogin(self._services, lambda: self._connection.partner is self)

        def looked(error: SmsError | None) -> None:
            if error is None:
                self._done(asking)
            else:
                self._context = replace(self._context, error=error)
                self.begin()

        sms_login.look(self._context, asking.account, looked)


def _nothing_to_say(outcome: Transition | StateProblem) -> bool:
    return isinstance(outcome, Transition) and outcome.say is None


def _is_hashed(state: ConversationState, ask: Ask, value: str) -> bool:
    """Whether a recovery code was typed, and no code, which the first form of a question for one describes."""
    if state.stage in _FOR_EITHER:
        return not has_form(value, ask.form.partition(",")[0])
    return state.stage in _FOR_HASHED


def tell(services: LoginServices, connection: Connection, transition: Transition) -> None:
    """Audit a transition and send its message. Whatever it stored is durable by now."""
    for record in transition.records:
        services.audit(record)
    if isinstance(transition.say, Ask):
        connection.say(write_ask(transition.say))
    elif transition.say is not None:
        connection.say_last(write_end(transition.say))
