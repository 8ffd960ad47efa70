"""A conversation with the state behind it: each event is a job, each outcome a message."""

import time
from dataclasses import replace

from rw2fa_daemon.core import conversation, policy
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.conversation import Ask, Context, Move, Silence, Talk
from rw2fa_daemon.core.policy import AccountState
from rw2fa_daemon.service.connection import Connection
from rw2fa_daemon.service.desk import Work
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.login import read_reply, write_ask, write_end
from rw2fa_daemon.wire.message import Message, ProtocolError


class Dialogue:
    """Asks for a code, or for a first one, until the login ends."""

    __slots__ = ("_connection", "_context", "_question")

    def __init__(self, connection: Connection, context: Context) -> None:
        self._connection = connection
        self._context = context
        self._question: tuple[Ask, Talk] | None = None

    @property
    def about(self) -> Record:
        """An audit record of this login."""
        return self._context.record(Event.PROTOCOL_BROKEN, "", "")

    def begin(self) -> None:
        """Look at the account and ask, or end."""
        context = self._context
        self._submit(lambda account: conversation.begin(account, context))

    def take(self, message: Message) -> None:
        """Judge an answer."""
        if self._question is None:
            raise ProtocolError("answer without a question")
        ask, talk = self._question
        self._answer(talk, read_reply(message, ask))

    def hung_up(self) -> None:
        """Note that what was asked for is not coming."""
        if self._question is None:
            self._connection.close()
        else:
            self._answer(self._question[1], Silence.EOF)

    def _answer(self, talk: Talk, value: str | Silence) -> None:
        context = self._context = replace(self._context, now=time.time())
        self._submit(lambda account: conversation.reply(talk, account, value, context))

    def _submit(self, work: Work) -> None:
        self._connection.busy = True
        self._connection.server.desk.submit(self._context.name, work, self._done)

    def _done(self, outcome: Move | StateProblem) -> None:
        if isinstance(outcome, StateProblem):
            row = policy.decide(policy.with_account(self._context.facts, AccountState.UNUSABLE))
            outcome = conversation.finish(row, self._context, str(outcome))
        tell(self._connection, outcome)
        if isinstance(outcome.say, Ask) and outcome.talk is not None:
            self._question = (outcome.say, outcome.talk)


def tell(connection: Connection, move: Move) -> None:
    """Audit a move and send its message. Whatever it stored is durable by now."""
    for record in move.records:
        connection.server.audit(record)
    if isinstance(move.say, Ask):
        connection.say(write_ask(move.say))
    else:
        connection.say_last(write_end(move.say))
