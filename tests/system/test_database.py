"""A state in a PostgreSQL, set up as the guide says: the sandbox lets the verifier reach that server, and no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.support.certificates import Authority
from tests.support.machine import Machine
from tests.support.machine.tree import PASSWORD
from tests.support.postgresql import PORT, Cluster
from tests.system.test_ssh import ASK_CODE, enrol, protect, sign_in, ssh

EXAMPLE = Path(__file__).resolve().parents[2] / "systemd" / "examples" / "rw2fad-postgresql.conf"
DROP_IN = "/etc/systemd/system/rw2fad.service.d/postgresql.conf"
SERVER = "/usr/local/lib/not-quite-postgresql.py"
HEARD = "it was heard here"
AUTHORITY = "/usr/local/share/ca-certificates/database.crt"
NAME = "db.example.org"
SECRET = "correct horse"
URL = f"postgresql+psycopg://rw2fa@{NAME}/rw2fa?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={AUTHORITY}"

# What a server says that wants nobody (ErrorResponse, https://www.postgresql.org/docs/current/protocol-message-formats.html).
LISTENS = f"""
import socket
fields = b"SFATAL\\0C28000\\0M{HEARD}\\0\\0"
with socket.create_server(("0.0.0.0", 5432)) as server:
    while True:
        client, _ = server.accept()
        client.recv(1024)
        client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        client.close()
"""


def test_promise_1_logins_go_by_a_postgresql_that_is_set_up_as_the_guide_says(
    boot: Callable[..., Machine], tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    with Cluster.make() as cluster:
        machine = boot(
            files={
                DROP_IN: EXAMPLE.read_text().replace("192.0.2.10", "127.0.0.1"),
                AUTHORITY: authority.file.read_text(),
            }
        )
        cluster.guard(authority, NAME, SECRET, PORT, network_of=machine.pid)
        machine.run("rw2fa", "settings", "set", "database.url", URL)
        machine.run("install", "-m", "0600", "/dev/stdin", "/etc/rw2fa/database.password", typed=f"{SECRET}\n")
        machine.run("rw2fa", "init")
        machine.run("systemctl", "restart", "rw2fad")
        protect(machine, "alice")

        phone = enrol(machine, "alice")
        code = phone.code()
        second = sign_in(machine, "alice", code)
        assert second.end() == 0, second.screen
        again = sign_in(machine, "alice", code)
        again.expect(ASK_CODE)
        again.hang_up()

        cluster.stop()
        down = ssh(machine, "alice")
        down.answer("assword:", PASSWORD)
        assert down.end() != 0
        assert "not available at the moment" in down.screen
        others = ssh(machine, "bob")
        others.answer("assword:", PASSWORD)
        assert others.end() == 0, others.screen


def test_the_drop_in_opens_the_address_that_it_names_and_no_other(boot: Callable[..., Machine]) -> None:
    machine = boot(files={DROP_IN: EXAMPLE.read_text().replace("192.0.2.10", "127.0.0.1"), SERVER: LISTENS})
    machine.run("rw2fa", "init")
    machine.run("systemd-run", "--unit=listens", "/usr/bin/python3", SERVER)
    assert HEARD in state(machine, "127.0.0.1")
    other = state(machine, "127.0.0.2")
    assert "cannot be reached" in other
    assert HEARD not in other


def test_the_drop_in_opens_nothing_that_systemd_does_not_know(boot: Callable[..., Machine]) -> None:
    machine = boot(files={DROP_IN: EXAMPLE.read_text()})
    done = machine.run("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/rw2fad.service")
    assert done.stdout + done.stderr == ""
    # What else the sandbox closes stays closed.
    scored = machine.run("systemd-analyze", "security", "--threshold=20", "rw2fad.service", check=False)
    assert scored.returncode == 0, scored.stdout


def state(machine: Machine, address: str) -> str:
    """What the daemon says of a database at this address."""
    config = f'[database]\\nurl = "postgresql+psycopg://rw2fa@{address}/rw2fa"\\n'
    machine.run("sh", "-c", f"mkdir -p /etc/rw2fa/rw2fa.toml.d; printf '{config}' >/etc/rw2fa/rw2fa.toml.d/db.toml")
    machine.run("systemctl", "restart", "rw2fad.service")
    deadline = time.monotonic() + 20
    while (said := machine.run("systemctl", "status", "--lines=0", "rw2fad.service", check=False).stdout) and (
        "the state is unusable" not in said
    ):
        assert time.monotonic() < deadline, said
        time.sleep(0.2)
    return said
