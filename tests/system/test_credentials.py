"""The master key as systemd hands it over."""

from tests.support.machine import Machine
from tests.system.knocking import knock

KEY = "/etc/rw2fa/master.key"


def use_state(machine: Machine) -> None:
    """Make the daemon open its state, and fail with the reason if it cannot."""
    machine.run("systemctl", "restart", "rw2fad.service")
    knock(machine, "alice")
    assert "unusable" not in machine.show("rw2fad.service", "StatusText")["StatusText"], machine.journal()


def test_promise_7_the_daemon_gets_the_key_although_only_root_can_read_the_file(host: Machine) -> None:
    file = host.path(KEY).stat()
    assert (file.st_uid, file.st_mode & 0o777) == (0, 0o600)
    use_state(host)


def test_promise_7_a_key_that_is_encrypted_at_rest_works_without_a_key_file(host: Machine) -> None:
    host.run("systemd-creds", "setup")
    host.run(
        "systemd-creds", "encrypt", "--with-key=host", "--name=rw2fa.master-key", KEY, "/etc/rw2fa/master.key.cred"
    )
    host.path(KEY).unlink()
    host.path("/etc/systemd/system/rw2fad.service.d").mkdir(parents=True)
    host.path("/etc/systemd/system/rw2fad.service.d/key.conf").write_text(
        "[Service]\nLoadCredential=\nLoadCredentialEncrypted=rw2fa.master-key:/etc/rw2fa/master.key.cred\n"
    )
    host.run("systemctl", "daemon-reload")

    use_state(host)


def test_promise_7_a_wrong_key_is_noticed_and_named(host: Machine) -> None:
    use_state(host)
    host.run("systemctl", "stop", "rw2fad.service")
    held = host.path(KEY).read_text()
    number, _, key = held.strip().splitlines()[-1].partition(":")
    host.path(KEY).write_text(f"{number}:{key[::-1].strip('=')}{'=' * key.count('=')}\n")

    host.run("systemctl", "start", "rw2fad.service", check=False)

    host.eventually(
        "the state to be called unusable",
        lambda: "unusable" in host.show("rw2fad.service", "StatusText")["StatusText"],
    )


def test_promise_5_without_a_key_the_daemon_says_so_and_users_who_are_not_enabled_log_in(host: Machine) -> None:
    host.path(KEY).unlink()

    assert "rule=off" in knock(host, "alice")

    status = host.show("rw2fad.service", "StatusText")["StatusText"]
    assert f"there is no master key in {KEY}" in status
    assert "rw2fa init" in status
