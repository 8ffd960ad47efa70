"""The PAM stacks of a host."""

from __future__ import annotations

from rw2fa_daemon import doctor
from rw2fa_daemon.doctor.pam.stacks import check_module, check_socket_arguments, check_stacks
from tests.unit.doctor.conftest import COMMON_ACCOUNT, COMMON_AUTH, MODULE, SERVICES, Host, wrong


def test_what_the_installer_leaves_is_right(host: Host) -> None:
    assert [finding for finding in doctor.pam_check(host.config, root=host.root) if not finding.ok] == []


def test_a_host_without_our_lines_gives_one_finding_and_not_twenty(host: Host) -> None:
    for service, text in SERVICES.items():
        host.edit(service, text.replace("auth	requisite			pam_rw2fa.so\n", ""))
    (finding,) = wrong(check_stacks(host.subject()))
    assert finding.check == "pam-line-missing"
    assert "rw2fa pam install" in finding.fix


def test_promise_4_each_service_that_lost_its_lines_is_named(host: Host) -> None:
    host.edit("sshd", SERVICES["sshd"])
    findings = wrong(check_stacks(host.subject()))
    assert {finding.check for finding in findings} == {"pam-slot-missing", "pam-account-missing"}
    assert all(finding.detail.startswith("sshd: ") for finding in findings)


def test_promise_4_a_line_in_common_account_is_found_in_all_that_run_account_alone(host: Host) -> None:
    host.edit("common-account", "account required pam_rw2fa.so\n" + COMMON_ACCOUNT)
    findings = wrong(check_stacks(host.subject()))
    named = {finding.detail.partition(":")[0] for finding in findings if finding.check == "pam-account-unwanted"}
    assert {"cron", "su", "sudo"} <= named


def test_only_the_services_that_were_asked_for_are_looked_at(host: Host) -> None:
    host.edit("sshd", SERVICES["sshd"])
    assert wrong(check_stacks(host.subject(services=("sudo",)))) == []
    assert wrong(check_stacks(host.subject(services=("sshd",))))


def test_a_service_that_is_not_there_is_said(host: Host) -> None:
    (finding,) = wrong(check_stacks(host.subject(services=("nosuch",))))
    assert "no PAM service nosuch" in finding.detail


def test_a_file_that_pam_cannot_read_is_said(host: Host) -> None:
    host.edit("sudo", "@include common-absent\n")
    (finding,) = wrong(check_stacks(host.subject(services=("sudo",))))
    assert finding.check == "pam-unreadable"
    assert "/etc/pam.d/sudo:1" in finding.detail


def test_a_service_that_the_configuration_ignores_needs_no_line_and_is_mentioned(host: Host) -> None:
    host.edit("sudo", "auth required pam_unix.so\n@include common-account\n")
    assert wrong(check_stacks(host.subject(services=("sudo",))))
    host.set(services={"sudo": "ignore", "sshd": "ignore"})
    assert list(check_stacks(host.subject(services=("sudo",)))) == []
    (finding,) = check_stacks(host.subject(services=("sshd",)))
    assert (finding.check, finding.ok) == ("pam-service-ignored", True)


def test_a_service_that_nobody_listed_is_mentioned_and_no_more(host: Host) -> None:
    host.edit("vsftpd", "auth required pam_unix.so\naccount required pam_unix.so\n")
    findings = list(check_stacks(host.subject(services=("vsftpd",))))
    assert [(finding.check, finding.ok) for finding in findings] == [("pam-line-missing", True)]


def test_promise_5_unreachable_allow_is_a_warning(host: Host) -> None:
    host.edit("common-auth", COMMON_AUTH.replace("pam_rw2fa.so", "pam_rw2fa.so unreachable=allow"))
    found = [finding for finding in check_stacks(host.subject()) if finding.check == "pam-unreachable-allow"]
    assert found
    assert all(finding.ok and finding.fix for finding in found)


def test_promise_5_a_module_that_is_not_there_locks_everybody_out(host: Host) -> None:
    assert list(check_module(host.subject())) == []
    (host.root / MODULE).unlink()
    (finding,) = wrong(check_module(host.subject()))
    assert "nobody can log in through them" in finding.detail


def test_a_line_that_looks_for_the_daemon_elsewhere_is_found(host: Host) -> None:
    assert list(check_socket_arguments(host.subject())) == []
    host.edit("common-auth", COMMON_AUTH.replace("pam_rw2fa.so", "pam_rw2fa.so socket=/run/other.sock"))
    (finding,) = wrong(check_socket_arguments(host.subject()))
    assert "/etc/pam.d/common-auth:4 looks for the daemon at /run/other.sock" in finding.detail
