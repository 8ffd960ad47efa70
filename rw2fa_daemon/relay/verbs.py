"""What the relay can be asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rw2fa_daemon.relay import time_verb
from rw2fa_daemon.wire.message import Message

Verb = Callable[[Message], Iterator[bytes]]
"""Gives the packets of the answer, as they are ready; raises ProtocolError for a request that is none."""

VERBS: Final[Mapping[str, Verb]] = {"time": time_verb.answer}
