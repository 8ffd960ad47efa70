"""One connection: the messages of one phase of one login, taken in turns."""

import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rw2fa_daemon.core import conversation, policy
from rw2fa_daemon.core.account import Account
from rw2fa_daemon.core.audit import Event, Record
from rw2fa_daemon.core.clients import Client
from rw2fa_daemon.core.conversation import Ask, Context, End, Move, Silence, Talk
from rw2fa_daemon.core.login import Login
from rw2fa_daemon.core.otp import SECRET_BYTES
from rw2fa_daemon.core.person import Missing, Person
from rw2fa_daemon.core.policy import AccountState, Decision, Facts, Rc
from rw2fa_daemon.core.secret import Secret
from rw2fa_daemon.core.standing import Place, Standing, place
from rw2fa_daemon.service.rules import Rules
from rw2fa_daemon.store.store import StateProblem
from rw2fa_daemon.wire.login import read_open, read_reply, write_ask, write_end
from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError, parse

if TYPE_CHECKING:
    from rw2fa_daemon.service.server import Server

ROOT_UID = 0
GENERATION_BITS = 62

_inbox = bytearray(MESSAGE_MAX + 1)
"""One for all: a message is taken out of it before the next is read."""


class Connection:
    """A peer, and where its conversation stands.

    Exactly one thing is awaited at any time: a message of the peer's, a look-up, or a job. A
    message that comes while something else is awaited is out of turn, and ends the conversation.
    """

    __slots__ = ("asked", "busy", "context", "last_heard", "rules", "server", "sock", "talk", "uid")

    def __init__(self, server: "Server", sock: socket.socket, uid: int, now: float) -> None:
        self.server = server
        self.sock = sock
        self.uid = uid
        self.last_heard = now
        """Monotonic seconds."""
        self.busy = False
        self.rules: Rules | None = None
        self.context: Context | None = None
        self.talk: Talk | None = None
        self.asked: Ask | None = None

    def readable(self) -> None:
        """Take one message and do what it asks for."""
        try:
            length = self.sock.recv_into(_inbox)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.close()
            return
        if length == 0:
            self._hung_up()
            return
        self.last_heard = self.server.loop.time()
        try:
            self._take(parse(bytes(memoryview(_inbox)[:length])))
        except ProtocolError as error:
            self.broken(str(error))

    def broken(self, reason: str) -> None:
        """End a conversation whose other end does not keep to the protocol, or to the time."""
        login = self.context.login if self.context else None
        self.server.audit(
            Record(
                Event.PROTOCOL_BROKEN,
                time.time(),
                user=login.user if login else "",
                service=login.service if login else "",
                address=login.rhost if login else "",
                decision=Decision.DENY,
                rule="protocol",
                reason=f"{reason} (peer uid {self.uid})",
            )
        )
        self.close()

    def close(self) -> None:
        """Forget this connection."""
        self.server.forget(self)

    def say(self, packet: bytes) -> None:
        """Send one message; a peer that is gone, or does not take it, is forgotten."""
        try:
            self.sock.send(packet, socket.MSG_NOSIGNAL)
        except OSError:
            self.close()

    def _take(self, message: Message) -> None:
        if self.busy:
            raise ProtocolError("message out of turn")
        if self.context is not None:
            self._answer(message)
        elif message.verb in self.server.root_verbs:
            self._report(message.verb)
        else:
            self._open(read_open(message))

    def _report(self, verb: str) -> None:
        if self.uid != ROOT_UID:
            raise ProtocolError("a verb for root only")
        self.busy = True
        self.server.root_verbs[verb](self)

    def _open(self, login: Login) -> None:
        rules = self.rules = self.server.rules
        self.busy = True
        if self.uid != ROOT_UID:
            self.server.directory.lookup(login.user, (), lambda person: self._stranger(login, person))
            return
        client = rules.clients.of(login.service)
        on = rules.config.enabled_at(time.time())
        facts = _facts(login, client, on=on, where=Place(Standing.NOT_ENABLED), evidence=False)
        if policy.decide(facts).rule in policy.BEFORE_NAMES:
            self._end_with(facts, self._context(login, facts, client, login.user, 0, 0))
            return
        self.server.directory.lookup(login.user, rules.groups, lambda person: self._known(login, client, person))

    def _stranger(self, login: Login, person: Person | Missing) -> None:
        """Answer a peer that is no login program: a locker may ask for its own user (promise 10)."""
        if isinstance(person, Person) and person.uid == self.uid:
            self._finish(End(Rc.IGNORE, "peer-self"))
            return
        self.server.audit(
            Record(
                Event.REFUSED,
                time.time(),
                user=login.user,
                service=login.service,
                phase=login.phase,
                decision=Decision.DENY,
                rule="peer-other",
                reason=f"peer uid {self.uid}",
            )
        )
        self._finish(End(Rc.AUTH_ERR, "peer-other"))

    def _known(self, login: Login, client: Client, person: Person | Missing) -> None:
        rules, state = self.rules, self.server.state
        assert rules is not None
        address = "" if client.forgeable_address else login.rhost
        where = place(rules.lists, person, address, lambda known: state.was_not_member(known, rules.scope_digest))
        name, uid = (person.name, person.uid) if isinstance(person, Person) else (login.user, -1)
        evidence = login.evidence is not None and login.evidence.uid == uid
        facts = _facts(login, client, on=True, where=where, evidence=evidence)
        context = self.context = self._context(login, facts, client, name, uid, state.since(where.entries))
        if policy.decide(facts).decision is Decision.LOOK:
            self._submit(lambda account: conversation.begin(account, context))
            return
        self._end_with(facts, context)
        if where.standing is Standing.NOT_ENABLED and rules.lists.scope.groups and isinstance(person, Person):
            state.remember_not_member(person, rules.scope_digest)

    def _answer(self, message: Message) -> None:
        assert self.context is not None and self.talk is not None and self.asked is not None
        answer, talk = read_reply(message, self.asked), self.talk
        self._reply(talk, answer)

    def _reply(self, talk: Talk, answer: str | Silence) -> None:
        assert self.context is not None
        context = self.context = replace(self.context, now=time.time())
        self._submit(lambda account: conversation.reply(talk, account, answer, context))

    def _submit(self, work: Callable[[Account | None], Move]) -> None:
        assert self.context is not None
        self.busy = True
        self.server.desk.submit(self.context.name, work, self._done)

    def _done(self, outcome: Move | StateProblem) -> None:
        context = self.context
        assert context is not None
        if isinstance(outcome, StateProblem):
            row = policy.decide(policy.with_account(context.facts, AccountState.UNUSABLE))
            outcome = conversation.finish(row, context, str(outcome))
        self._perform(outcome)

    def _end_with(self, facts: Facts, context: Context) -> None:
        self.context = context
        self._perform(conversation.finish(policy.decide(facts), context))

    def _perform(self, move: Move) -> None:
        for record in move.records:
            self.server.audit(record)
        self.talk = move.talk
        if isinstance(move.say, Ask):
            self.asked = move.say
            self.busy = False
            self.say(write_ask(move.say))
        else:
            self._finish(move.say)

    def _finish(self, end: End) -> None:
        self.say(write_end(end))
        self.close()

    def _hung_up(self) -> None:
        if self.talk is None or self.context is None or self.busy:
            self.close()
            return
        self._reply(self.talk, Silence.EOF)

    def _context(self, login: Login, facts: Facts, client: Client, name: str, uid: int, since: int) -> Context:
        assert self.rules is not None
        config = self.rules.config
        return Context(
            now=time.time(),
            login=login,
            facts=facts,
            client=client,
            name=name,
            uid=uid,
            discrepancy=config.discrepancy,
            digits=config.digits,
            issuer=config.issuer_name,
            scope_since=since,
            window_days=config.enrolment_window_days,
            codebook=self.server.codebook,
            fresh_secret=_fresh_secret,
            fresh_generation=_fresh_generation,
        )


def _facts(login: Login, client: Client, *, on: bool, where: Place, evidence: bool) -> Facts:
    return Facts(
        on=on,
        service_class=client.service_class,
        phase=login.phase,
        slot=login.slot,
        first_factor=bool(login.first),
        evidence=evidence,
        standing=where.standing,
        whitelisted=where.whitelisted,
        client_can_enrol=client.enrolment,
    )


def _fresh_secret() -> Secret:
    return Secret(secrets.token_bytes(SECRET_BYTES))


def _fresh_generation() -> int:
    return secrets.randbits(GENERATION_BITS)
