"""Who asks and who is asked for, as seen from inside the sandbox."""

from tests.support.machine import Machine
from tests.system.knocking import knock


def enable(machine: Machine, *entries: str) -> None:
    """Switch two-factor authentication on for these."""
    machine.run("rw2fa", "pam", "install")
    machine.run("rw2fa", "users", "add", *entries)
    machine.run("rw2fa", "enable")


def test_promise_10_peers_that_are_not_root_count_only_for_themselves(host: Machine) -> None:
    # The sandbox must leave the verifier the real uids: under PrivateUsers= both would be 65534.
    enable(host, "alice", "bob")

    assert knock(host, "alice", peer="alice").startswith("end rc=IGNORE rule=peer-self")
    assert knock(host, "bob", peer="alice").startswith("end rc=AUTH_ERR rule=peer-other")


def test_promise_13_a_group_of_the_scope_is_resolved_from_inside_the_sandbox(host: Machine) -> None:
    host.run("groupadd", "staffers")
    host.run("usermod", "--append", "--groups", "staffers", "alice")
    enable(host, "@staffers")

    assert knock(host, "alice").startswith("ask")
    assert "rule=not-enabled" in knock(host, "bob")


def test_promise_13_a_source_of_names_that_is_a_service_is_reached_from_inside_the_sandbox(host: Machine) -> None:
    # As sssd, nscd and winbind do, nss-systemd asks a Unix socket in /run; this user exists nowhere else.
    enable(host, "alice")
    host.run("systemd-run", "--quiet", "--property=DynamicUser=yes", "--property=User=momentary", "sleep", "infinity")
    host.eventually(
        "the user of the unit", lambda: host.run("getent", "passwd", "momentary", check=False).returncode == 0
    )

    assert "rule=not-enabled" in knock(host, "momentary")
    assert "rule=user-unknown" in knock(host, "nobody-at-all")
