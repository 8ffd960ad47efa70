"""Services that will ask without our knowing whether anybody is there, and those where nobody is."""

from __future__ import annotations

import pytest

from rw2fa_daemon.doctor.clients import check_clients
from rw2fa_daemon.doctor.finding import Finding
from tests.unit.doctor.conftest import BOTH, Host


def found(host: Host, *services: str) -> list[Finding]:
    return list(check_clients(host.subject(services=services)))


def test_nothing_is_said_of_services_that_people_sit_at(host: Host) -> None:
    assert found(host) == []


def test_item_6_a_service_in_no_table_is_said_to_ask(host: Host) -> None:
    host.edit("mailbox", BOTH)
    [finding] = found(host)
    assert finding.ok
    assert finding.detail.startswith("mailbox is not in the table of PAM services: it asks")
    assert "services.mailbox ignore" in finding.fix
    assert found(host, "sshd") == []


def test_item_6_a_mail_server_is_said_to_refuse(host: Host) -> None:
    host.edit("dovecot", BOTH)
    [finding] = found(host)
    assert finding.ok
    assert finding.detail.startswith("dovecot is unattended and cannot ask for a code")
    assert "services.dovecot ignore" in finding.fix


@pytest.mark.parametrize("service", ["mailbox", "dovecot"])
@pytest.mark.parametrize("word", ["ignore", "code", "rdp"])
def test_nothing_is_said_of_what_the_administrator_has_decided(host: Host, service: str, word: str) -> None:
    host.edit(service, BOTH)
    host.set(services={service: word})
    assert found(host) == []


@pytest.mark.parametrize("text", ["auth required pam_unix.so\n", "auth required pam_permit.so\n", "nonsense\n"])
def test_nothing_is_said_of_a_service_without_our_line(host: Host, text: str) -> None:
    host.edit("mailbox", text)
    assert found(host) == []


def test_services_that_are_ignored_by_default_are_not_asked(host: Host) -> None:
    host.edit("mailbox", BOTH)
    host.set(service_default="ignore")
    assert found(host) == []
