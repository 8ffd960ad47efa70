"""The connection to the portal: messages with a deadline, and answers that never become text here."""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

from rw2fa_daemon.wire.message import MESSAGE_MAX, Message, ProtocolError, compose, parse
from rw2fa_portal.protocol import REPLY_MAX
from rw2fa_portal.session.libpam import wipe

_VALUE: Final = b"\0value="


class Gone(Exception):
    """The portal has closed its end, or says nothing for too long."""


class Channel:
    """One connection, until `end` (monotonic seconds)."""

    def __init__(self, connection: socket.socket, end: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._end = end
        self._clock = clock

    def extend(self, end: float) -> None:
        """Wait until another moment from now on."""
        self._end = end

    def send(self, verb: str, fields: Mapping[str, str], passed: socket.socket | None = None) -> None:
        """Send a message, and a descriptor with it if there is one; Gone if nobody takes it."""
        self._patience(None)
        descriptors = [] if passed is None else [passed.fileno()]
        try:
            socket.send_fds(self._connection, [compose(verb, fields)], descriptors, socket.MSG_NOSIGNAL)
        except OSError as error:
            raise Gone("the portal does not take a message") from error

    def receive(self, seconds: float | None = None) -> Message:
        """The next message, for which the portal has `seconds`, or all that is left; Gone or ProtocolError."""
        packet, length = self._packet(seconds)
        try:
            return parse(bytes(packet[:length]))
        finally:
            wipe(packet)

    def receive_reply(self, number: int, seconds: float) -> bytearray:
        """What was typed in answer to the question `number`, to be wiped by whoever takes it; Gone if nothing was.

        ProtocolError for any other message, and for an answer to another question: none counts twice.
        """
        packet, length = self._packet(seconds)
        try:
            at = packet.find(_VALUE, 0, length)
            start = length if at < 0 else at + len(_VALUE)
            after = packet.find(0, start, length)
            stop = length if after < 0 else after
            # The rest alone is read as text.
            message = parse(bytes(packet[:start]) + bytes(packet[stop:length]))
            if message.verb != "reply" or message.required("n") != str(number):
                raise ProtocolError("not the answer to the question")
            if at < 0:
                raise Gone("no answer")
            if stop - start > REPLY_MAX:
                raise ProtocolError("answer too long")
            return packet[start:stop]
        finally:
            wipe(packet)

    def _packet(self, seconds: float | None) -> tuple[bytearray, int]:
        """A packet in a buffer that is to be wiped, and its length."""
        self._patience(seconds)
        packet = bytearray(MESSAGE_MAX + 1)
        try:
            length = self._connection.recv_into(packet)
        except OSError as error:
            raise Gone("the portal is silent") from error
        if length == 0:
            raise Gone("the portal has closed")
        return packet, length

    def _patience(self, seconds: float | None) -> None:
        left = self._end - self._clock()
        if left <= 0:
            raise Gone("out of time")
        self._connection.settimeout(left if seconds is None else min(seconds, left))
