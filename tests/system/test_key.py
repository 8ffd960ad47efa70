"""Changing the master key where systemd hands it over, and the mark beside the state."""

import json

from tests.support.machine import Machine
from tests.system.knocking import knock

KEY = "/etc/rw2fa/master.key"
CREDENTIAL = "/etc/rw2fa/master.key.cred"
DROP_IN = "/etc/systemd/system/rw2fad.service.d/key.conf"
ENCRYPTED = f"[Service]\nLoadCredential=\nLoadCredentialEncrypted=rw2fa.master-key:{CREDENTIAL}\n"


def keys(machine: Machine) -> tuple[int, list[int]]:
    """The number of the key in use, and of those that the daemon has."""
    shown = json.loads(machine.run("rw2fa", "key", "show", "--json").stdout)
    return shown["in_use"], shown["daemon"]


def encrypt(machine: Machine) -> None:
    machine.run("systemd-creds", "encrypt", "--with-key=host", "--name=rw2fa.master-key", KEY, CREDENTIAL)
    machine.path(KEY).unlink()
    machine.path(DROP_IN).parent.mkdir(parents=True, exist_ok=True)
    machine.path(DROP_IN).write_text(ENCRYPTED)


def restart(machine: Machine) -> None:
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "rw2fad.service")
    knock(machine, "alice")
    assert "unusable" not in machine.show("rw2fad.service", "StatusText")["StatusText"], machine.journal()


def test_the_daemon_takes_the_new_key_without_a_restart_and_finds_it_after_one(host: Machine) -> None:
    restart(host)
    assert keys(host) == (1, [1])
    process = host.show("rw2fad.service", "MainPID")["MainPID"]
    assert "Everything is encrypted under key 2" in host.run("rw2fa", "key", "rotate").stdout
    assert keys(host) == (2, [2])
    assert host.show("rw2fad.service", "MainPID")["MainPID"] == process
    restart(host)
    assert keys(host) == (2, [2])
    file = host.path(KEY).stat()
    assert (file.st_uid, file.st_mode & 0o777) == (0, 0o600)


def test_a_key_that_systemd_decrypts_is_changed_by_the_steps_of_the_guide(host: Machine) -> None:
    host.run("systemd-creds", "setup")
    encrypt(host)
    restart(host)
    done = host.run("rw2fa", "key", "rotate", check=False)
    assert done.returncode == 1
    assert f"rw2fad.service does not get the master key from {KEY}" in done.stderr

    host.run("sh", "-c", f"umask 077; systemd-creds decrypt --name=rw2fa.master-key {CREDENTIAL} {KEY}")
    done = host.run("rw2fa", "key", "rotate", check=False)
    assert done.returncode == 1, "the unit would start with the old one"
    host.path(DROP_IN).unlink()
    restart(host)
    host.run("rw2fa", "key", "rotate")
    encrypt(host)
    restart(host)
    host.path(KEY).write_text("")
    host.path(KEY).unlink()
    host.run("sh", "-c", f"umask 077; systemd-creds decrypt --name=rw2fa.master-key {CREDENTIAL} {KEY}")
    assert keys(host) == (2, [2])


def test_promise_7_the_mark_is_the_verifiers_own_and_lies_beside_the_state(host: Machine) -> None:
    restart(host)
    folder = host.path("/var/lib/rw2fa-mark")
    owner = host.path("/var/lib/rw2fa").stat().st_uid
    assert owner != 0
    for path, mode in ((folder, 0o700), (folder / "mark", 0o600)):
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (owner, mode)
    findings = json.loads(host.run("rw2fa", "doctor", "--json", check=False).stdout)
    assert [finding["ok"] for finding in findings if finding["check"] in ("mark", "master-key")] == [True, True]
