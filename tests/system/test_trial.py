"""A trial ends by itself, for sshd as well, whose drop-in no daemon writes."""

from __future__ import annotations

import re

from tests.support.machine import Machine
from tests.system.test_ssh import KEY, ssh

DROPIN = "/etc/ssh/sshd_config.d/10-rw2fa.conf"


def test_when_a_trial_has_ended_a_key_alone_and_scripts_get_in_again(host: Machine) -> None:
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KEY)
    host.run("sh", "-c", f"install -D -o alice -g alice -m 600 {KEY}.pub ~alice/.ssh/authorized_keys")
    host.run("chown", "-R", "alice:alice", "/home/alice/.ssh")
    host.run("systemctl", "start", "ssh.service", check=False)
    for command in (("pam", "install"), ("users", "add", "alice"), ("enable", "--try", "8s")):
        host.run("rw2fa", *command)
    assert "alice" in host.path(DROPIN).read_text()
    refused = ssh(host, "alice", "-i", KEY, "-o", "BatchMode=yes")
    assert refused.end() != 0
    host.eventually("the end of the trial", lambda: "alice" not in host.path(DROPIN).read_text(), seconds=60)
    host.eventually("sshd", lambda: ssh(host, "alice", "-i", KEY, "-o", "BatchMode=yes").end() == 0, seconds=60)


def test_a_trial_that_was_kept_is_not_ended_by_its_timer(host: Machine) -> None:
    for command in (("pam", "install"), ("users", "add", "alice"), ("enable", "--try", "6s"), ("enable", "--keep")):
        host.run("rw2fa", *command)
    host.eventually("the timer", lambda: "run-" not in host.run("systemctl", "list-timers", "--all").stdout, seconds=60)
    assert "alice" in host.path(DROPIN).read_text()


def test_a_trial_that_ended_while_the_host_was_down_is_over_for_sshd_before_it_starts(host: Machine) -> None:
    for command in (("pam", "install"), ("users", "add", "alice"), ("enable", "--try", "1h")):
        host.run("rw2fa", *command)
    host.run("systemctl", "enable", "rw2fa-sshd.service")
    assert "rw2fa-sshd.service" in host.show("ssh.service", "After")["After"].split()
    host.run("systemctl", "start", "rw2fa-sshd.service")
    assert "alice" in host.path(DROPIN).read_text(), "it goes on"
    config = host.path("/etc/rw2fa/rw2fa.toml")
    config.write_text(re.sub(r"(?m)^enabled_until = .*$", "enabled_until = 2020-01-01T00:00:00Z", config.read_text()))
    host.run("systemctl", "start", "rw2fa-sshd.service")
    assert "alice" not in host.path(DROPIN).read_text()
