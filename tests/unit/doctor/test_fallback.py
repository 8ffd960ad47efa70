"""Programs whose PAM file is missing."""

from __future__ import annotations

from rw2fa_daemon.doctor.host.fallback import check_fallback
from tests.unit.doctor.conftest import Host, wrong


def test_a_host_without_the_program_needs_no_file(host: Host) -> None:
    (host.root / "etc/pam.d/xrdp-sesman").unlink()
    assert list(check_fallback(host.subject())) == []


def test_promise_4_sesman_without_its_own_pam_file_is_found(host: Host) -> None:
    host.write("etc/xrdp/sesman.ini", "[Globals]\n")
    assert list(check_fallback(host.subject())) == []
    (host.root / "etc/pam.d/xrdp-sesman").unlink()
    (finding,) = wrong(check_fallback(host.subject()))
    assert "uses the PAM service gdm" in finding.detail
    assert list(check_fallback(host.subject(services=("sshd",)))) == []


def test_a_file_of_the_package_in_usr_will_do(host: Host) -> None:
    host.write("usr/sbin/sshd", "")
    (host.root / "etc/pam.d/sshd").unlink()
    assert wrong(check_fallback(host.subject()))
    host.write("usr/lib/pam.d/sshd", "")
    assert list(check_fallback(host.subject())) == []
