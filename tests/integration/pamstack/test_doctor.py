"""The checks on a copy of this host: its own PAM stacks, the real sshd, the real NSS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.pamstack.conftest import Drive
from tests.support.world import World

CONFIG = "/etc/rw2fa/rw2fa.toml"


@pytest.fixture
def configured(world: World) -> World:
    """Two-factor authentication is on for a group and for one user by name."""
    world.run("groupadd", "staff-2fa")
    world.run("useradd", "-G", "staff-2fa", "amy")
    world.run("useradd", "ben")
    world.write(CONFIG, 'enabled = true\n[scope]\nusers = ["ben"]\ngroups = ["staff-2fa"]\n')
    return world


def wrong(findings: Any) -> list[dict[str, Any]]:
    return [finding for finding in findings if not finding["ok"]]


def test_before_the_installation_one_finding_says_so(configured: World, drive: Drive) -> None:
    assert [finding["check"] for finding in wrong(drive("check"))] == ["pam-line-missing", "sshd", "sshd"]


def test_what_the_installer_leaves_passes_every_check_of_pam(configured: World, drive: Drive) -> None:
    drive("install", "--scope=@staff-2fa", "--scope=ben")
    findings = drive("check")
    assert wrong(findings) == []
    assert any("2 of 2 enabled users" in finding["detail"] for finding in findings)


def test_promise_4_sshd_itself_says_who_could_not_be_asked(configured: World, drive: Drive) -> None:
    drive("install", "--scope=@staff-2fa")
    (finding,) = wrong(drive("check"))
    assert "does not let ben use keyboard-interactive" in finding["detail"]
    assert "rw2fa pam install sshd" in finding["fix"]


def test_a_setting_that_comes_before_the_drop_in_is_found(configured: World, drive: Drive) -> None:
    drive("install", "--scope=@staff-2fa", "--scope=ben")
    configured.write("/etc/ssh/sshd_config.d/00-first.conf", "Match all\n    KbdInteractiveAuthentication no\n")
    details = [finding["detail"] for finding in wrong(drive("check", "sshd"))]
    assert len(details) == 2
    assert all("use keyboard-interactive" in detail for detail in details)


def test_promise_4_a_line_lost_in_an_upgrade_is_found(configured: World, drive: Drive) -> None:
    shipped = configured.read("/etc/pam.d/xrdp-sesman")
    drive("install", "--scope=@staff-2fa", "--scope=ben")
    configured.write("/etc/pam.d/xrdp-sesman", shipped)
    checks = {finding["check"] for finding in wrong(drive("check"))}
    assert checks == {"pam-slot-missing", "pam-account-missing"}


@pytest.mark.parametrize("service", ["xrdp-sesman", "sshd", "cockpit"])
def test_promise_4_a_program_without_its_pam_file_is_found(configured: World, drive: Drive, service: str) -> None:
    drive("install", "--scope=@staff-2fa", "--scope=ben")
    configured.path(f"/etc/pam.d/{service}").unlink()
    (finding,) = wrong(drive("check"))
    assert finding["check"] == "pam-file"
    assert f"/etc/pam.d/{service} is missing" in finding["detail"]


def test_removing_is_found(configured: World, drive: Drive) -> None:
    drive("install")
    drive("remove")
    assert wrong(drive("check"))[0]["fix"] == "run `rw2fa pam install`"
