"""The desktop in a remote-desktop client: the portal's page, its file, and real xrdp (product.md rows 3 and 4)."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from rw2fa_daemon.core.prompts import Prompt
from rw2fa_daemon.core.rule import Rule
from rw2fa_portal.web.rdp import STANDS_FOR_NOTHING, PassState
from rw2fa_portal.web.remote import CANCELLED, STATES
from tests.support.browser import NARROW, scrolls_sideways, violations
from tests.support.world.accounts import User
from tests.support.world.logons import LogonServer
from tests.support.world.portal import PortalServer
from tests.support.world.portal_pages import sign_in
from tests.support.world.rdp_client import RdpClient
from tests.support.world.sesman import IN
from tests.support.world.site import Member, Site
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

KNOCKS = 4
"""More than a pass without an address survives (rdp.without_address)."""


@pytest.fixture(scope="module")
def portal(logons: LogonServer, session_site: Site) -> Iterator[PortalServer]:
    """A portal of a host where passes count, whether xrdp says where its clients are or not."""
    session_site.rw2fa.command("settings", "set", "rdp.without_address", "true")
    try:
        with PortalServer(logons.world) as server:
            yield server
    finally:
        session_site.rw2fa.command("settings", "unset", "rdp.without_address")


def get_file(page: Page) -> str:
    """Follow the desktop to its page, and start; the file that the browser is sent."""
    page.click('[data-application="desktop"]')
    expect(page).to_have_url(re.compile("/remote$"))
    assert violations(page) == ""
    with page.expect_download() as sent:
        page.get_by_role("button", name="Get the file").click()
    assert sent.value.suggested_filename == "desktop.rdp"
    return sent.value.path().read_bytes().decode()


def refusals(site: Site, user: User) -> set[str]:
    """The rules by which this user was refused at the remote desktop."""
    told = json.loads(site.rw2fa.command("audit", "--user", user.name, "--json").stdout)
    return {one["rule"] for one in told if one["service"] == "xrdp-sesman" and one["decision"] == "deny"}


def look(page: Page) -> None:
    page.get_by_role("link", name="See whether").click()


def test_row_3_a_pass_from_the_page_lets_one_remote_desktop_login_in_with_the_password(
    site: Site, page: Page, member: Member
) -> None:
    user = member.user
    sign_in(page, user, member.phone.fresh(), kind="remoteapp")
    file = get_file(page)
    assert file.splitlines() == [
        "full address:s:127.0.0.1",
        f"username:s:{user.name}",
        f"loadbalanceinfo:s:{STANDS_FOR_NOTHING}",
        "prompt for credentials:i:1",
    ]
    expect(page.locator("[data-until]")).to_contain_text("one login from this device is let in")
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    assert violations(page) == ""
    assert not scrolls_sideways(page)

    assert site.sesman.verdict(user, "not the password") != IN
    look(page)
    expect(page.locator("[data-until]")).to_be_visible()
    assert site.sesman.verdict(user) == IN
    look(page)
    expect(page.get_by_role("status")).to_have_text(STATES[PassState.USED])
    assert site.sesman.verdict(user) != IN


def test_promise_4_signing_out_takes_the_pass_back(site: Site, page: Page, member: Member) -> None:
    sign_in(page, member.user, member.phone.fresh(), kind="remoteapp")
    get_file(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile(r"/\?out$"))
    assert site.sesman.verdict(member.user) != IN


def test_promise_4_the_pass_is_for_the_address_that_the_browser_comes_from(
    site: Site, page: Page, member: Member
) -> None:
    sign_in(page, member.user, member.phone.fresh(), kind="remoteapp")
    get_file(page)
    assert site.login("xrdp-sesman", member.user, "192.0.2.9") != "SUCCESS"
    assert site.login("xrdp-sesman", member.user, "127.0.0.1") == "SUCCESS"


def test_somebody_who_knocks_meanwhile_cancels_the_pass_and_its_user_is_told(
    site: Site, page: Page, member: Member
) -> None:
    sign_in(page, member.user, member.phone.fresh(), kind="remoteapp")
    get_file(page)
    for _ in range(KNOCKS):
        site.login("xrdp-sesman", User(member.user.name, "not the password"), "")
    assert site.login("xrdp-sesman", member.user, "") != "SUCCESS"
    look(page)
    expect(page.get_by_role("alert")).to_have_text(CANCELLED)
    page.get_by_role("button", name="Get the file").click()
    expect(page.get_by_role("alert")).to_have_text(Prompt.RDP_KNOCKED.value)


def test_promise_14_who_is_not_enabled_gets_the_file_and_needs_no_pass(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider, kind="remoteapp")
    assert f"username:s:{outsider.name}" in get_file(page)
    assert site.sesman.verdict(outsider) == IN
    assert site.sesman.verdict(outsider) == IN


def test_a_host_where_no_pass_can_count_says_so_before_a_client_is_started(
    site: Site, portal: PortalServer, page: Page, member: Member
) -> None:
    if site.sesman.version >= (0, 10):
        pytest.skip("this xrdp says where its clients are")
    site.rw2fa.command("settings", "unset", "rdp.without_address")
    try:
        portal.restart()
        sign_in(page, member.user, member.phone.fresh(), kind="remoteapp")
        page.click('[data-application="desktop"]')
        page.get_by_role("button", name="Get the file").click()
        expect(page.get_by_role("alert")).to_have_text(Prompt.RDP_NOWHERE.value)
    finally:
        site.rw2fa.command("settings", "set", "rdp.without_address", "true")
        portal.restart()


def test_a_pass_is_armed_by_a_form_of_this_browser_alone(portal: PortalServer, page: Page, member: Member) -> None:
    sign_in(page, member.user, member.phone.fresh(), kind="remoteapp")
    page.goto("/remote")
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    response, _ = portal.request("POST", "/remote", form={"token": "0" * 64}, cookie=cookie)
    assert response.status == 403
    token = page.locator('form[action="/remote"] [name=token]').get_attribute("value") or ""
    response, _ = portal.request(
        "POST", "/remote", form={"token": token}, cookie=cookie, headers={"Origin": "https://elsewhere.example"}
    )
    assert response.status == 403
    page.goto("/remote")
    expect(page.get_by_role("status")).to_have_count(0)


def test_row_3_a_real_client_that_opens_the_file_gets_a_session_once(site: Site, page: Page, member: Member) -> None:
    user = member.user
    with RdpClient(site.world) as client:
        sign_in(page, user, member.phone.fresh(), kind="remoteapp")
        file = get_file(page).encode()
        client.connect(file, user)
        site.log.wait_for(rf"pam_unix\(xrdp-sesman:session\): session opened for user {user.name}")
        look(page)
        expect(page.get_by_role("status")).to_have_text(STATES[PassState.USED])
        if site.sesman.version < (0, 10):  # later ones know the address, from which the same session is reached again
            client.connect(file, user)
            wait_until("the refusal", lambda: Rule.RDP_REFUSED in refusals(site, user))
    site.world.run("pkill", "-KILL", "-u", user.name, check=False)
