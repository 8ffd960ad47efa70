"""A login program reduced to its knock: one `open`, one answer."""

from __future__ import annotations

import json

from tests.support.machine import Machine

_KNOCK = """
import json, socket, sys
user, service, phase = json.load(sys.stdin)
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
    door.settimeout(20)
    door.connect("/run/rw2fa/pam.sock")
    fields = ["open", "v=1", "phase=" + phase, "slot=main", "service=" + service, "user=" + user, "rhost=192.0.2.7"]
    door.send("\\0".join(fields).encode())
    try:
        print(door.recv(16384).decode().replace("\\0", " "))
    except ConnectionResetError:
        print("reset")
"""


def knock(machine: Machine, user: str, *, service: str = "sshd", phase: str = "auth", peer: str = "root") -> str:
    """What the daemon answers first when the machine's `peer` asks for `user`; its fields with spaces between."""
    asked = json.dumps([user, service, phase])
    return machine.run("runuser", "--user", peer, "--", "python3", "-c", _KNOCK, typed=asked).stdout.strip()
