"""The verb of `rw2fa-notify`: run a program for one event (docs/protocol.md, "The notifier")."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.files.program import check_program
from rw2fa_daemon.notify.run import run
from rw2fa_daemon.wire.message import Message, ProtocolError, compose
from rw2fa_daemon.wire.notification import AT_ONCE_MAX, EVENTS, NAME_MAX, PROGRAM_SECONDS
from rw2fa_daemon.wire.serving import Verb


def announce(message: Message) -> Iterator[bytes]:
    """Run the program; raises ProtocolError, which becomes the reason of a refusal, if it may not run or fails."""
    program, event, user = (message.required(key) for key in ("program", "event", "user"))
    if event not in EVENTS:
        raise ProtocolError("unknown event")
    if not 0 < len(user) <= NAME_MAX or not user.isprintable():
        raise ProtocolError("no name of a user")
    try:
        check_program(Path(program))
        run(Path(program), {"RW2FA_EVENT": event, "RW2FA_USER": user}, PROGRAM_SECONDS)
    except Problem as problem:
        raise ProtocolError(str(problem)) from None
    yield compose("done", {})


VERBS: Final[Mapping[str, Verb]] = {"announce": Verb(announce, at_once=AT_ONCE_MAX)}
