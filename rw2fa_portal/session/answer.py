"""What a verb of a standing logon answers with."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The fields of a report, and a descriptor that goes with it; whoever sends it closes that."""

    fields: Mapping[str, str]
    passed: socket.socket | None = None
