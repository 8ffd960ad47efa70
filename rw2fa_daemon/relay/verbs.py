"""What the relay can be asked for."""

from collections.abc import Iterator, Mapping
from typing import Final

from rw2fa_daemon.relay import time_verb
from rw2fa_daemon.wire.message import Message
from rw2fa_daemon.wire.serving import Verb

# The library behind these takes more memory than all else here; a relay that only asks for the time never loads it.


def _sms(message: Message) -> Iterator[bytes]:
    from rw2fa_daemon.relay import sms_verbs  # noqa: PLC0415

    return sms_verbs.send(message)


def _sms_status(message: Message) -> Iterator[bytes]:
    from rw2fa_daemon.relay import sms_verbs  # noqa: PLC0415

    return sms_verbs.status(message)


def _sms_account(message: Message) -> Iterator[bytes]:
    from rw2fa_daemon.relay import sms_verbs  # noqa: PLC0415

    return sms_verbs.account(message)


VERBS: Final[Mapping[str, Verb]] = {
    "time": Verb(time_verb.answer, at_once=8),
    "sms": Verb(_sms, at_once=256),
    "sms_status": Verb(_sms_status, at_once=32),
    "sms_account": Verb(_sms_account, at_once=4),
}
