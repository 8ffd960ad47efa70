"""How long the code of a logon opens sessions, and what ends a logon."""

from collections.abc import Iterator

import pytest

from rw2fa_daemon.core.page_text import read_page_text
from tests.support.world.logons import LogonServer, Portal
from tests.support.world.screens import asked, opened
from tests.support.world.site import Member, Site

pytestmark = pytest.mark.namespaces

APPLICATION = """
[[portal.applications]]
name = "Terminal"
command = "xterm"
"""


@pytest.fixture(scope="module", autouse=True)
def _application(session_site: Site) -> None:
    session_site.world.write("/etc/rw2fa/rw2fa.toml.d/portal.toml", APPLICATION)


@pytest.fixture
def one_session_for_a_code(site: Site) -> Iterator[None]:
    site.rw2fa.command("settings", "set", "validity_after_first_session", "0")
    yield
    site.rw2fa.command("settings", "unset", "validity_after_first_session")


@pytest.fixture
def portal(logons: LogonServer, member: Member) -> Iterator[Portal]:
    with logons.connect() as portal:
        assert portal.converse(member.user.name, member.user.password, member.phone.fresh()) == "in"
        yield portal


def _needs(portal: Portal) -> str:
    report, screen = asked(portal, "open", name="Terminal")
    assert screen is None
    return report.fields["needs"]


def _type(portal: Portal, *codes: str) -> str:
    """What becomes of these codes, asked for without the password."""
    portal.send("code")
    message = portal.next()
    for code in codes:
        assert message is not None
        assert read_page_text(message.fields["text"]).asked == "code"
        message = portal.reply(code)
    assert message is not None
    return message.fields["outcome"]


def test_promise_4_a_code_opens_sessions_for_as_long_as_is_set(
    site: Site, portal: Portal, member: Member, one_session_for_a_code: None
) -> None:
    with opened(portal, "Terminal"):
        pass
    assert _needs(portal) == "code"
    assert _type(portal, member.phone.fresh()) == "in"
    with opened(portal, "Terminal"):
        pass
    assert _needs(portal) == "code"


def test_promise_4_wrong_codes_open_nothing(
    site: Site, portal: Portal, member: Member, one_session_for_a_code: None
) -> None:
    with opened(portal, "Terminal"):
        pass
    assert _type(portal, *[member.phone.wrong()] * 3) == "refused"
    assert _needs(portal) == "code"


def test_a_code_opens_further_sessions_and_comes_back_to_them(site: Site, portal: Portal) -> None:
    for _ in range(3):
        with opened(portal, "Terminal"):
            pass


def test_a_reset_ends_the_logon_at_once(site: Site, portal: Portal, member: Member) -> None:
    assert asked(portal, "look")[0].fields == {"outcome": "in"}
    site.rw2fa.command("users", "reset", "--yes", member.user.name)
    assert asked(portal, "look")[0].fields == {"outcome": "refused"}
    assert _needs(portal) == "over"


def test_a_daemon_that_is_down_opens_nothing(site: Site, portal: Portal) -> None:
    site.rw2fa.stop()
    report, screen = asked(portal, "open", name="Terminal")
    assert screen is None
    assert report.fields == {"outcome": "unavailable"}
    site.rw2fa.start()
    with opened(portal, "Terminal"):
        pass
