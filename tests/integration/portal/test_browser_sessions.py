"""Sessions in a real browser: Chromium, the portal, rw2fa-session and Xvnc, with nothing between them made up."""

import os
import re
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rw2fa_daemon.core.application import Application
from rw2fa_portal.desktop.ending import SENTENCES as ENDINGS
from rw2fa_portal.desktop.ending import Ending
from rw2fa_portal.web.browsers import COOKIE
from rw2fa_portal.web.notice import SENTENCES, Notice
from tests.support.browser import NARROW, scrolls_sideways, violations, window
from tests.support.world.accounts import User
from tests.support.world.logons import LogonServer
from tests.support.world.portal import PORT, PortalServer
from tests.support.world.portal_pages import open_application, shows_screen, sign_in, written
from tests.support.world.screens import running
from tests.support.world.site import Member, Site
from tests.support.world.waiting import wait_until

pytestmark = pytest.mark.namespaces

APPLICATIONS = """
[[portal.applications]]
name = "Terminal"
command = "xterm -e sh -c 'cat > typed'"

[[portal.applications]]
name = "Keyboard"
command = "xterm -e sh -c 'cat > keys'"

[[portal.applications]]
name = "Ledger"
command = "xterm"
groups = ["accounting"]
"""


@pytest.fixture(scope="module")
def portal(logons: LogonServer) -> Iterator[PortalServer]:
    with PortalServer(logons.world, APPLICATIONS) as server:
        yield server


def _size(page: Page) -> tuple[int, int]:
    width, height = page.evaluate("(({width, height}) => [width, height])(document.querySelector('#screen canvas'))")
    return width, height


def _room(page: Page) -> tuple[int, int]:
    width, height = page.evaluate(
        "(({clientWidth, clientHeight}) => [clientWidth, clientHeight])(document.getElementById('screen'))"
    )
    return width, height


def _fills(page: Page) -> bool:
    """Whether the screen has the size of its room, which may end between two pixels."""
    return all(abs(one - other) <= 1 for one, other in zip(_size(page), _room(page), strict=True))


def test_what_is_typed_in_the_browser_arrives_in_a_file_and_the_tab_can_be_closed_and_come_back_to(
    site: Site, browser: Browser, url: str, page: Page, outsider: User
) -> None:
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("console", lambda message: failed.append(message.text) if "Policy" in message.text else None)
    sign_in(page, outsider)
    assert [link.get_attribute("data-application") for link in page.locator("[data-application]").all()] == [
        "desktop",
        "Terminal",
        "Keyboard",
    ]
    open_application(page)
    wait_until("the program", lambda: site.world.path(f"{outsider.home}/typed").exists())
    page.keyboard.type("Hello, {world} #1~!\n")
    wait_until("what was typed", lambda: written(site, outsider) == "Hello, {world} #1~!\n")
    before = running(site.world, "Xvnc", outsider) + running(site.world, "xterm", outsider)
    page.goto("/applications")
    page.context.new_page().goto("/applications")
    page.close()
    with window(browser, url) as other:
        sign_in(other, outsider)
        open_application(other)
        assert running(site.world, "Xvnc", outsider) + running(site.world, "xterm", outsider) == before
        other.keyboard.type("again\n")
        wait_until("what was typed then", lambda: written(site, outsider) == "Hello, {world} #1~!\nagain\n")
    assert failed == []


def test_the_screen_takes_the_size_of_the_window(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider)
    page.set_viewport_size({"width": 1000, "height": 700})
    open_application(page)
    wait_until("the first size", lambda: _fills(page) and _size(page)[0] == 1000)
    page.set_viewport_size({"width": 720, "height": 560})
    wait_until("the second size", lambda: _fills(page) and _size(page)[0] == 720)


def test_a_screen_that_something_killed_is_said_and_opened_again(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider)
    open_application(page)
    os.kill(running(site.world, "Xvnc", outsider)[0], signal.SIGKILL)
    expect(page.get_by_role("alert")).to_have_text(ENDINGS[Ending.KILLED])
    assert violations(page) == ""
    page.get_by_role("button", name="Open it again").click()
    shows_screen(page)


def test_signing_out_closes_the_screen_and_leaves_the_session(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider)
    open_application(page)
    other = page.context.new_page()
    other.goto("/applications")
    other.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("alert")).to_have_text(SENTENCES[Notice.SIGNED_OUT])
    assert len(running(site.world, "Xvnc", outsider)) == 1


def test_a_reset_closes_the_screen(site: Site, page: Page, member: Member) -> None:
    sign_in(page, member.user, member.phone.fresh())
    open_application(page)
    site.rw2fa.command("users", "reset", "--yes", member.user.name)
    expect(page.get_by_role("alert")).to_have_text(SENTENCES[Notice.SIGNED_OUT])


def test_another_code_is_asked_for_when_the_time_is_over_and_not_the_password(
    site: Site, page: Page, member: Member
) -> None:
    site.rw2fa.command("settings", "set", "validity_after_first_session", "0")
    try:
        sign_in(page, member.user, member.phone.fresh())
        open_application(page)
        page.goto("/applications")
        page.click('[data-application="Keyboard"]')
        expect(page.get_by_role("alert")).to_have_text(SENTENCES[Notice.CODE])
        page.get_by_role("button", name="Enter a code").click()
        page.fill("[name=code]", member.phone.fresh())
        page.get_by_role("button", name="Continue").click()
        expect(page).to_have_url(re.compile("/applications$"))
        open_application(page, "Keyboard")
    finally:
        site.rw2fa.command("settings", "unset", "validity_after_first_session")


def test_a_phone_types_by_its_own_keyboard(site: Site, browser: Browser, url: str, outsider: User) -> None:
    with window(browser, url, viewport=NARROW, has_touch=True, is_mobile=True) as page:
        sign_in(page, outsider)
        open_application(page, "Keyboard")
        assert not scrolls_sideways(page)
        wait_until("the program", lambda: site.world.path(f"{outsider.home}/keys").exists())
        page.get_by_role("button", name="Keyboard").tap()
        assert page.evaluate("document.activeElement.id") == "typing"
        # Such a keyboard tells no keys, but what the text has become.
        page.keyboard.insert_text("Tippfheler")
        for _ in range(6):
            page.keyboard.press("Backspace")
        page.keyboard.insert_text("ehler ü")
        page.keyboard.press("Enter")
        wait_until("what was typed", lambda: written(site, outsider, "keys") == "Tippehler ü\n")


def test_the_keyboard_alone_leads_to_the_screen_and_out_of_it(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider)
    page.goto("/applications")
    page.locator('[data-application="Terminal"]').focus()
    page.keyboard.press("Enter")
    shows_screen(page)
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    for key in ("Control", "Alt", "Shift"):
        page.keyboard.down(key)
    for key in ("Shift", "Alt", "Control"):
        page.keyboard.up(key)
    assert page.evaluate("document.activeElement.textContent") == "Applications"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#clipboard-text")).to_be_focused()
    assert violations(page) == ""


def _shake_hands(portal: PortalServer, path: str, **headers: str) -> bytes:
    """The first bytes that a WebSocket's handshake is answered with."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: portal.example",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with context.wrap_socket(portal.world.connect(PORT)) as connection:
        connection.settimeout(40)
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer or (answer.startswith(b"HTTP/1.1 101") and answer.endswith(b"\r\n\r\n")):
            if not (some := connection.recv(4096)):
                break
            answer += some
        return answer


@pytest.mark.parametrize("origin", ["https://evil.example", "https://portal.example.evil.example", "null", None])
def test_promise_10_no_page_of_others_opens_a_screen_with_the_cookie_of_its_visitor(
    site: Site, portal: PortalServer, page: Page, outsider: User, origin: str | None
) -> None:
    sign_in(page, outsider)
    cookie = next(one for one in page.context.cookies() if one["name"] == COOKIE)["value"]
    path = page.locator('[data-application="Terminal"]').get_attribute("href")
    headers = {"Cookie": f"{COOKIE}={cookie}", **({"Origin": origin} if origin else {})}
    assert _shake_hands(portal, f"{path}/screen", **headers).startswith(b"HTTP/1.1 403")
    assert running(site.world, "Xvnc", outsider) == []
    headers["Origin"] = "https://portal.example"
    assert b"RFB 003.008" in _shake_hands(portal, f"{path}/screen", **headers)


def test_promise_4_what_is_for_others_cannot_be_opened_by_its_address(
    site: Site, portal: PortalServer, page: Page, outsider: User
) -> None:
    sign_in(page, outsider)
    cookie = f"{COOKIE}={next(one for one in page.context.cookies() if one['name'] == COOKIE)['value']}"
    path = f"/applications/{Application('Ledger').label}"
    assert portal.request("GET", path, cookie=cookie)[0].status == 404
    answer = _shake_hands(portal, f"{path}/screen", Origin="https://portal.example", Cookie=cookie)
    assert Ending.NO_PROGRAM.encode() in answer
    assert b"RFB" not in answer
    assert running(site.world, "Xvnc", outsider) == []


def test_promise_4_without_a_logon_there_is_no_screen(site: Site, portal: PortalServer, outsider: User) -> None:
    answer = _shake_hands(portal, "/applications/desktop/screen", Origin="https://portal.example", Cookie=f"{COOKIE}=x")
    assert Notice.SIGNED_OUT.encode() in answer
    assert b"RFB" not in answer
    assert portal.request("GET", "/applications/desktop")[0].status == 303


def test_a_tab_that_is_gone_leaves_nothing_open_in_the_portal(
    site: Site, portal: PortalServer, page: Page, outsider: User
) -> None:
    sign_in(page, outsider)
    before = len(list(Path(f"/proc/{portal.pid}/fd").iterdir()))
    for _ in range(3):
        open_application(page)
        page.goto("/applications")
    wait_until("the descriptors", lambda: len(list(Path(f"/proc/{portal.pid}/fd").iterdir())) <= before + 2)
