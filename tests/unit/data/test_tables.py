"""The shipped tables: every cell of the right type, and no row that contradicts itself or another table."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from importlib import resources

import pytest

from rw2fa_daemon.core.clients import Client, Information, Prompts, Qr, ServiceClass
from rw2fa_daemon.data import shipped_clients
from rw2fa_daemon.pamstack.lines import our_lines
from rw2fa_daemon.pamstack.modules import Role, roles
from rw2fa_daemon.pamstack.stack import Facility

ROWS = tomllib.loads(resources.files("rw2fa_daemon.data").joinpath("clients.toml").read_text("utf-8"))
WORDS = {"class": ServiceClass, "prompts": Prompts, "information": Information, "qr": Qr}
CLIENTS = {"default": shipped_clients().default, **shipped_clients().clients}


@pytest.mark.parametrize("service", ROWS)
def test_every_row_says_everything_in_words_that_are_known(service: str) -> None:
    row = ROWS[service]
    assert set(row) - {"also"} == {field.name for field in fields(Client)} - {"service_class"} | {"class"}
    for key, value in row.items():
        if key == "also":
            continue
        assert value in list(WORDS[key]) if key in WORDS else isinstance(value, bool), key


@pytest.mark.parametrize("service", CLIENTS)
def test_promise_3_nobody_enrols_where_messages_are_logged_or_nothing_can_be_shown(service: str) -> None:
    client = CLIENTS[service]
    if client.enrolment:
        assert not client.logs_messages
        assert client.qr is not Qr.NONE
        assert client.prompts is Prompts.MANY
        assert client.service_class is ServiceClass.CODE


def test_promise_3_nobody_enrols_in_a_client_that_is_not_listed() -> None:
    assert not shipped_clients().default.enrolment
    assert shipped_clients().default.logs_messages


@pytest.mark.parametrize("service", our_lines())
def test_promise_4_what_comes_from_outside_has_an_account_line_and_the_other_way_round(service: str) -> None:
    ours = any(line.facility is Facility.ACCOUNT for line in our_lines()[service])
    assert ours is shipped_clients().of(service).outside


def test_promise_4_what_runs_account_alone_all_day_long_is_not_from_outside() -> None:
    for service in ("su", "su-l", "sudo", "sudo-i", "runuser", "cron", "atd", "systemd-user"):
        assert not shipped_clients().of(service).outside


def test_services_are_written_as_libpam_gives_them() -> None:
    assert all(service == service.lower() for service in CLIENTS)


def test_no_service_is_named_twice() -> None:
    names = [name for service, row in ROWS.items() for name in (service, *row.get("also", ()))]
    assert len(names) == len(set(names)) == len(CLIENTS)


def test_item_6_nobody_is_asked_where_nobody_is() -> None:
    for service in ("dovecot", "imap", "smtp", "vsftpd", "proftpd", "samba", "postgresql", "radiusd", "openvpn"):
        client = shipped_clients().of(service)
        assert (client.attended, client.prompts, client.outside) == (False, Prompts.ONE, False)
        assert client.service_class is ServiceClass.CODE, "an enabled user is refused, not let pass"


def test_no_module_has_two_roles() -> None:
    table = tomllib.loads(resources.files("rw2fa_daemon.data").joinpath("pam_modules.toml").read_text("utf-8"))
    names = [name for section in table.values() if isinstance(section, list) for name in section]
    assert len(names) == len(set(names))
    assert all(name.startswith("pam_") for name in names)
    assert set(table["card_arguments"]) <= set(table["first_factor"]), "what takes a card in place of a password"


def test_modules_that_run_something_else_may_have_asked_for_a_password() -> None:
    # pam_exec and pam_script hand the password to a program of the administrator's.
    assert not {"pam_exec.so", "pam_script.so"} & roles().keys()
    assert roles()["pam_unix.so"] is Role.FIRST_FACTOR
