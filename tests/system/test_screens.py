"""Sessions for the browser in a booted system: begun by PID 1, as the user, with a PAM session of their own."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.support.machine import Machine
from tests.support.machine.tree import PASSWORD

# The portal's end of a logon, as its user.
OPEN = """
import json, socket, sys
from rw2fa_daemon.wire.message import compose, parse

connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.settimeout(60)
connection.connect("/run/rw2fa/session.sock")

def ask(verb, **fields):
    connection.send(compose(verb, fields))
    while (message := parse(socket.recv_fds(connection, 20000, 1)[0])).verb == "tell":
        pass
    return dict(message.fields)

asked = ask("logon", v="1", user=sys.argv[1], address="192.0.2.7")
said = [ask("reply", n=asked["n"], value=sys.stdin.readline().rstrip())["outcome"]]
said += [ask("open", name=name) for name in sys.argv[2:]]
print(json.dumps(said))
"""

SETTINGS = """
[[portal.applications]]
name = "Say"
command = "sh -c 'id -un >said; echo $HOME >>said; cat /proc/self/loginuid >>said; exit'"
"""

# What a session is looked at without: the machine has no display server, so this stands where one would, and shows what
# the unit's processes are.
XVNC = """#!/bin/sh
{ id -un; echo "$HOME"; cat /proc/self/loginuid; echo; touch /etc/rw2fa-probe 2>&1; echo '$$'; } >"$HOME/said"
exit 1
"""


def _open(machine: Machine, user: str, *names: str) -> list[object]:
    as_portal = ("setpriv", "--reuid=rw2fa-portal", "--regid=rw2fa-portal", "--clear-groups")
    done = machine.run(*as_portal, "/usr/lib/rw2fa/bin/python3", "-I", "-c", OPEN, user, *names, typed=f"{PASSWORD}\n")
    said: list[object] = json.loads(done.stdout)
    return said


def test_a_session_is_a_unit_of_the_users_own_and_not_a_child_in_the_sandbox(boot: Callable[..., Machine]) -> None:
    machine = boot(files={"/etc/rw2fa/rw2fa.toml.d/portal.toml": SETTINGS})
    machine.run("rw2fa", "init")
    machine.run("systemctl", "start", "rw2fa-session.socket")
    assert _open(machine, "bob", "Say") == ["in", {"outcome": "refused", "ending": "no-server"}]
    records = machine.run("journalctl", "--output=cat", "--grep=rw2fa-desktop:session").stdout
    assert "session opened for user bob" in records
    machine.path("/usr/local/bin/Xvnc").write_text(XVNC)
    machine.path("/usr/local/bin/Xvnc").chmod(0o755)
    assert _open(machine, "bob", "Say") == ["in", {"outcome": "refused", "ending": "failed"}]
    who, home, loginuid, touched, _ = machine.path("/home/bob/said").read_text().splitlines()
    uid = machine.run("id", "-u", "bob").stdout.strip()
    assert (who, home, loginuid) == ("bob", "/home/bob", uid)
    # Denied to the user, and not, as to whoever inherits a sandbox, by a file system that is read-only.
    assert "Permission denied" in touched
    assert machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "rw2fa-desktop-*").stdout == ""
