"""What our drop-in and our lines make of a host for whoever is not asked, by the word of the programs (promise 14)."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.integration.pamstack.conftest import Drive
from tests.support.world import World
from tests.support.world.paths import REPOSITORY

CONFIG = "/etc/rw2fa/rw2fa.toml"
DROPIN = "/etc/ssh/sshd_config.d/10-rw2fa.conf"
CHECKS = ("sshd-others-changed", "pam-others-changed")


@pytest.fixture
def people(world: World) -> World:
    """Scope is a group, with two members; one of them is exempt."""
    for group in ("staff-2fa", "ops"):
        world.run("groupadd", group)
    for name, groups in {"amy": "staff-2fa,ops", "ben": "staff-2fa", "cat": "ops", "who": ""}.items():
        world.run("useradd", "-G", groups, name)
    world.write(CONFIG, 'enabled = true\n[scope]\ngroups = ["staff-2fa"]\n[exempt]\nusers = ["ben"]\n')
    return world


def found(findings: Any) -> list[str]:
    return [finding["detail"] for finding in findings if finding["check"] in CHECKS]


def test_promise_14_for_every_configuration_of_sshd_and_every_scope(people: World) -> None:
    people.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/host-key")
    argv = (sys.executable, "-m", "tests.integration.pamstack.against_sshd", "/root/host-key")
    environment = {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    done = people.run(*argv, environment=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promise_14_after_the_installation_nothing_is_found(people: World, drive: Drive) -> None:
    drive("install", "--scope=@staff-2fa", "--exempt=ben")
    assert found(drive("check")) == []


def test_promise_14_a_drop_in_that_opens_more_than_it_should_is_found_by_name(people: World, drive: Drive) -> None:
    people.write("/etc/ssh/sshd_config.d/50-policy.conf", "Match User cat\n    PasswordAuthentication no\n")
    drive("install", "--scope=@staff-2fa", "--exempt=ben")
    good = people.read(DROPIN)
    people.write(DROPIN, "KbdInteractiveAuthentication yes\n" + good)
    details = found(drive("check"))
    for name in ("cat", "ben", "root", "daemon"):
        assert any(
            f"`kbdinteractiveauthentication yes` for {name}, and without it `kbdinteractiveauthentication no`" in detail
            for detail in details
        )
    people.write(DROPIN, good.replace("!ben", "!who"))
    assert any("for ben" in detail for detail in found(drive("check")))


def test_promise_14_a_policy_that_is_younger_than_the_drop_in_is_found(people: World, drive: Drive) -> None:
    drive("install", "--scope=@staff-2fa", "--exempt=ben")
    people.write("/etc/ssh/sshd_config.d/50-policy.conf", "Match User amy\n    PasswordAuthentication no\n")
    (detail,) = found(drive("check"))
    assert detail == "with our drop-in amy can log in by keyboard-interactive:pam, and without it by publickey"
    drive("install", "--scope=@staff-2fa", "--exempt=ben")
    assert found(drive("check")) == []


def test_promise_14_what_would_come_of_switching_it_on_is_found_while_it_is_off(people: World, drive: Drive) -> None:
    people.write(CONFIG, people.read(CONFIG).replace("enabled = true", "enabled = false"))
    drive("install")
    assert found(drive("check")) == []
    people.write(
        "/etc/ssh/sshd_config.d/00-policy.conf",
        "Match User amy\n    PasswordAuthentication no\n    AuthenticationMethods any\n",
    )
    (detail,) = found(drive("check"))
    assert detail.startswith("once two-factor authentication is on: with our drop-in amy can log in by keyboard-in")


def test_promise_14_a_jump_over_a_line_of_ours_is_found_and_not_installed(people: World, drive: Drive) -> None:
    lines = people.read("/etc/pam.d/login").splitlines(keepends=True)
    (place,) = [number for number, line in enumerate(lines) if "pam_loginuid.so" in line]
    lines.insert(place, "session [success=2 default=ignore] pam_succeed_if.so user = kiosk\n")
    people.write("/etc/pam.d/login", "".join(lines))
    problem = drive("install")["problem"]
    assert "it would affect users who are not asked" in problem
    assert f"pam_succeed_if.so (/etc/pam.d/login:{place + 1}) = success" in problem
