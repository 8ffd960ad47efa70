"""Asking the notifier to announce something (docs/protocol.md, "The notifier")."""

import socket
from pathlib import Path
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.wire.message import MESSAGE_MAX, VERSION, Message, ProtocolError, compose, parse

ACTIVATED: Final = "activated"
RECOVERY_CODE_USED: Final = "recovery-code-used"
RECOVERY_CODES_MADE: Final = "recovery-codes-made"
LOGON: Final = "logon"
EVENTS: Final = frozenset({ACTIVATED, RECOVERY_CODE_USED, RECOVERY_CODES_MADE, LOGON})
"""What is announced."""

NAME_MAX: Final = 256
"""Characters of a user's name."""
AT_ONCE_MAX: Final = 8
"""Programs that run at a time, and announcements that wait for theirs."""
PROGRAM_SECONDS: Final = 20.0
"""What a program is given."""
ANSWER_SECONDS: Final = PROGRAM_SECONDS + 5.0
"""What is waited for: a notifier that has to be started first, too."""

_FIX: Final = "start it with `systemctl start rw2fa-notify.socket`"


def write_notice(program: Path, event: str, user: str) -> bytes:
    """The packet that asks for an announcement."""
    return compose("announce", {"v": VERSION, "program": str(program), "event": event, "user": user})


def read_outcome(answer: Message) -> str:
    """Why an announcement was not made, empty if it was."""
    if answer.verb == "done":
        return ""
    return answer.fields.get("reason", "no reason given") if answer.verb == "refused" else "no answer to the question"


def announce(path: Path, program: Path, event: str, user: str) -> None:
    """Ask the notifier at `path`, and wait for what comes of it; Problem if that is nothing."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(path))
            connection.send(write_notice(program, event, user), socket.MSG_NOSIGNAL)
            answer = parse(connection.recv(MESSAGE_MAX + 1))
        except (OSError, ProtocolError) as error:
            raise Problem(f"the notifier does not answer at {path} ({error})", _FIX) from error
    if reason := read_outcome(answer):
        raise Problem(f"nobody was told of it: {reason}", "remove that cause, and tell the user yourself")
