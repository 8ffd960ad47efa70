"""The portal's end of a connection to rw2fa-session: one logon."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rw2fa_daemon.wire.message import MESSAGE_MAX, VERSION, Message, ProtocolError, compose, parse
from rw2fa_portal.protocol import REPLY_MAX, Outcome, Phase, Style
from rw2fa_portal.web.limits import CONNECT_SECONDS, OPEN_SECONDS, STEP_SECONDS

_RETRY_SECONDS: Final = 0.05


class Unavailable(Exception):
    """rw2fa-session cannot be reached, or ends a logon without a word."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message for the user."""

    text: str
    error: bool
    phase: Phase


@dataclass(frozen=True, slots=True)
class Question:
    """What PAM asks, and what was told before it."""

    number: str
    text: str
    hidden: bool
    phase: Phase
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """How the conversation ended; `user` is the name that NSS has, of the user who is in."""

    outcome: Outcome
    user: str = ""
    told: tuple[Told, ...] = ()
    codes: tuple[str, ...] = ()
    """New recovery codes, where these were asked for."""


class SessionClient:
    """One connection. Every method raises Unavailable where the other end is gone, silent or not to be understood."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    @classmethod
    async def connect(cls, path: Path) -> "SessionClient":
        """A connection at `path`; a full backlog is tried again until CONNECT_SECONDS have passed."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        loop = asyncio.get_running_loop()
        end = loop.time() + CONNECT_SECONDS
        while True:
            try:
                connection.connect(str(path))
            except BlockingIOError:
                if loop.time() < end:
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
                connection.close()
                raise Unavailable("rw2fa-session has no place") from None
            except OSError as error:
                connection.close()
                raise Unavailable(f"rw2fa-session cannot be reached: {error.strerror}") from error
            return cls(connection)

    async def begin(self, user: str, address: str) -> Question | End:
        """Begin the logon of the user of this name."""
        return await self._step("logon", {"v": VERSION, "user": user, "address": address})

    async def reply(self, question: Question, value: str) -> Question | End:
        """Answer a question. What is too long or holds NUL is no password: it is answered by nothing, and refused."""
        typed = value if "\0" not in value and len(value.encode("utf-8", "surrogateescape")) <= REPLY_MAX else ""
        return await self._step("reply", {"n": question.number, "value": typed})

    async def ask(self, verb: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        """The report on a verb, once the logon stands."""
        message, _ = await self._exchange(verb, fields)
        if message.verb != "report":
            raise Unavailable("rw2fa-session gave no report")
        return message.fields

    async def open_screen(self, name: str) -> tuple[Mapping[str, str], socket.socket | None]:
        """The report on the screen of an application, and the connection to it if it is open."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await loop.sock_sendall(self._connection, compose("open", {"name": name}))
                packet, passed = await _receive_passed(self._connection)
            report = parse(packet)
        except (OSError, ProtocolError) as error:
            raise Unavailable("rw2fa-session opens no screen") from error
        if report.verb != "report" or (passed is not None) != (report.fields.get("outcome") == Outcome.IN):
            if passed is not None:
                passed.close()
            raise Unavailable("rw2fa-session says what nobody understands")
        return report.fields, passed

    async def ask_code(self, verb: str) -> Question | End:
        """Have another code asked for, for what `verb` says."""
        return await self._step(verb, {})

    def close(self) -> None:
        """End the logon."""
        self._connection.close()

    async def _step(self, verb: str, fields: Mapping[str, str]) -> Question | End:
        message, told = await self._exchange(verb, fields)
        try:
            if message.verb == "ask":
                hidden = Style(message.required("style")) is Style.HIDDEN
                phase = Phase(message.required("phase"))
                return Question(message.required("n"), message.required("text"), hidden, phase, told)
            if message.verb == "end":
                codes = tuple(message.fields.get("codes", "").split())
                return End(Outcome(message.required("outcome")), message.fields.get("user", ""), told, codes)
        except (ValueError, ProtocolError) as error:
            raise Unavailable("rw2fa-session says what nobody understands") from error
        raise Unavailable("rw2fa-session says what nobody understands")

    async def _exchange(self, verb: str, fields: Mapping[str, str]) -> tuple[Message, tuple[Told, ...]]:
        """Send a message, and take the answer with what is told before it."""
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await asyncio.get_running_loop().sock_sendall(self._connection, compose(verb, fields))
                told: list[Told] = []
                while (message := await self._receive()).verb == "tell":
                    style, phase = Style(message.required("style")), Phase(message.required("phase"))
                    told.append(Told(message.required("text"), style is Style.ERROR, phase))
        except (OSError, ProtocolError, ValueError) as error:  # TimeoutError is an OSError
            raise Unavailable("rw2fa-session does not answer") from error
        return message, tuple(told)

    async def _receive(self) -> Message:
        packet = await asyncio.get_running_loop().sock_recv(self._connection, MESSAGE_MAX + 1)
        if not packet:
            raise Unavailable("rw2fa-session has closed")
        return parse(packet)


async def _receive_passed(connection: socket.socket) -> tuple[bytes, socket.socket | None]:
    """A packet, once there is one, and the descriptor that came with it. Raises OSError."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, _settle, readable)
    try:
        await readable
    finally:
        loop.remove_reader(connection)
    packet, descriptors, _, _ = socket.recv_fds(connection, MESSAGE_MAX + 1, 1)
    passed = [socket.socket(fileno=descriptor) for descriptor in descriptors]
    if not packet:
        raise ConnectionResetError
    if not passed:
        return packet, None
    passed[0].setblocking(False)
    return packet, passed[0]


def _settle(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
