"""The table of PAM clients: who may enrol where, and what an administrator overrides."""

import pytest

from rw2fa_daemon.core.clients import Client, ClientTable, Information, Prompts, Qr, ServiceClass

ABLE = Client(ServiceClass.CODE, qr=Qr.ASCII)


@pytest.mark.parametrize(
    ("client", "may"),
    [
        (ABLE, True),
        (Client(ServiceClass.CODE), False),
        (Client(ServiceClass.RDP, qr=Qr.ASCII), False),
        (Client(ServiceClass.IGNORE, qr=Qr.ASCII), False),
        (Client(ServiceClass.CODE, qr=Qr.ASCII, prompts=Prompts.ONE), False),
        (Client(ServiceClass.CODE, qr=Qr.ASCII, logs_messages=True), False),
    ],
)
def test_promise_3_nobody_enrols_where_the_secret_would_be_logged_or_never_seen(client: Client, may: bool) -> None:
    assert client.enrolment is may


def test_a_client_of_which_nothing_is_said_is_attended_and_can_do_little() -> None:
    assert ABLE.attended
    assert (ABLE.prompts, ABLE.information) == (Prompts.MANY, Information.WITH_PROMPT)
    assert not any((ABLE.outside, ABLE.logs_messages, ABLE.colour, ABLE.forgeable_address, ABLE.remembers_session))
    assert not ABLE.portal


def test_services_are_found_in_any_case_and_others_have_the_default() -> None:
    table = ClientTable(Client(ServiceClass.CODE), {"xrdp": Client(ServiceClass.RDP)})
    assert table.of("XRDP").service_class is ServiceClass.RDP
    assert table.of("other").service_class is ServiceClass.CODE
    assert table.portal_service == ""


def test_an_override_changes_the_class_and_no_ability() -> None:
    portal = Client(ServiceClass.CODE, qr=Qr.URI, portal=True)
    table = ClientTable(Client(ServiceClass.IGNORE, colour=True), {"web": portal, "xrdp": Client(ServiceClass.RDP)})
    changed = table.override({"WEB": ServiceClass.IGNORE, "new": ServiceClass.RDP}, ServiceClass.CODE)
    assert changed.of("web") == Client(ServiceClass.IGNORE, qr=Qr.URI, portal=True)
    assert changed.of("new") == Client(ServiceClass.RDP, colour=True)
    assert changed.of("xrdp") == Client(ServiceClass.RDP)
    assert changed.default == Client(ServiceClass.CODE, colour=True)
    assert (table.of("web"), changed.portal_service) == (portal, "web")
