"""Things that go wrong while somebody works in the browser, and the sentence that this person sees."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rw2fa_portal.desktop.ending import SENTENCES as ENDINGS
from rw2fa_portal.desktop.ending import Ending
from rw2fa_portal.web.limits import IDLE_SECONDS
from rw2fa_portal.web.notice import SENTENCES, Notice
from tests.support.browser import window
from tests.support.world import portal_moved_on
from tests.support.world.accounts import User
from tests.support.world.forward import Forward
from tests.support.world.logons import LogonServer
from tests.support.world.paths import SCAFFOLD
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
"""
_RETRY_MS = 1_200
"""More than the page waits before it tries again."""
PYTHON = "/usr/lib/rw2fa/bin/python3"


@pytest.fixture(scope="module")
def portal(logons: LogonServer) -> Iterator[PortalServer]:
    """A portal whose clock can be moved on."""
    world, program = logons.world, str(SCAFFOLD / "portal_moved_on.py")
    world.write(program, Path(portal_moved_on.__file__).read_text())
    world.write(portal_moved_on.CLOCK, "0")
    with PortalServer(world, APPLICATIONS, program=(PYTHON, program)) as server:
        yield server


@pytest.fixture
def forward(portal: PortalServer) -> Iterator[Forward]:
    """A way to the portal that can be cut."""
    with Forward(portal.world, PORT) as forward:
        yield forward


def _pass(portal: PortalServer, seconds: float) -> None:
    """Have so much time pass for the portal."""
    clock = portal.world.path(portal_moved_on.CLOCK)
    portal.world.write(portal_moved_on.CLOCK, str(float(clock.read_text()) + seconds))


def _sleeps(page: Page, portal: PortalServer, forward: Forward, seconds: float) -> None:
    """The laptop sleeps for so long, and wakes up."""
    forward.cut()
    expect(page.locator("#screen")).not_to_have_attribute("data-state", "connected")
    _pass(portal, seconds)
    forward.mend()
    page.evaluate("window.dispatchEvent(new Event('online'))")


def _screens(site: Site, user: User) -> list[int]:
    return running(site.world, "Xvnc", user)


def test_a_laptop_that_wakes_up_is_back_by_itself_and_after_an_hour_its_user_signs_in_again(
    site: Site, browser: Browser, portal: PortalServer, forward: Forward, outsider: User
) -> None:
    with window(browser, f"https://127.0.0.1:{forward.port}") as page:
        sign_in(page, outsider)
        open_application(page)
        before = _screens(site, outsider)
        _sleeps(page, portal, forward, IDLE_SECONDS - 300)
        shows_screen(page)
        page.wait_for_timeout(_RETRY_MS)  # the next try by the clock is none any more
        expect(page.locator("#screen canvas")).to_have_count(1)
        _sleeps(page, portal, forward, IDLE_SECONDS + 1)
        expect(page.get_by_role("alert")).to_have_text(SENTENCES[Notice.SIGNED_OUT])
        sign_in(page, outsider)
        open_application(page)
        assert _screens(site, outsider) == before


def test_sessions_go_on_when_the_portal_is_away_and_comes_back(
    site: Site, portal: PortalServer, page: Page, member: Member
) -> None:
    sign_in(page, member.user, member.phone.fresh())
    open_application(page)
    before = _screens(site, member.user) + running(site.world, "xterm", member.user)
    portal.stop()
    expect(page.get_by_role("alert")).to_have_text(SENTENCES[Notice.LOST])
    portal.start()
    page.get_by_role("button", name="Open it again").click()
    expect(page.get_by_role("alert")).to_have_text(SENTENCES[Notice.SIGNED_OUT])
    sign_in(page, member.user, member.phone.fresh())
    open_application(page)
    assert _screens(site, member.user) + running(site.world, "xterm", member.user) == before


def test_a_tab_that_is_closed_in_the_middle_of_a_logon_is_in_nobody_s_way(
    site: Site, page: Page, member: Member
) -> None:
    page.goto("/")
    page.fill("[name=username]", member.user.name)
    page.fill("[name=password]", member.user.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    other = page.context.new_page()
    page.close()
    sign_in(other, member.user, member.phone.fresh())
    expect(other.locator("[data-application]").first).to_be_visible()


def test_two_browsers_at_once_see_one_session(
    site: Site, browser: Browser, url: str, page: Page, outsider: User
) -> None:
    with window(browser, url) as other:
        for one in (page, other):
            sign_in(one, outsider)
            open_application(one)
        wait_until("the program", lambda: site.world.path(f"{outsider.home}/typed").exists())
        page.keyboard.type("one\n")
        wait_until("what one typed", lambda: written(site, outsider) == "one\n")
        other.keyboard.type("other\n")
        wait_until("what the other typed", lambda: written(site, outsider) == "one\nother\n")
    assert len(_screens(site, outsider)) == 1


def test_an_account_without_a_shell_and_a_full_home_are_said(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider)
    path = page.locator('[data-application="Terminal"]').get_attribute("href")
    assert path is not None
    site.world.run("usermod", "--shell", "/usr/sbin/nologin", outsider.name)
    page.goto(path)
    expect(page.get_by_role("alert")).to_have_text(ENDINGS[Ending.NO_SHELL])
    site.world.run("usermod", "--shell", "/bin/bash", outsider.name)
    site.world.run("mount", "-t", "tmpfs", "-o", f"size=64k,mode=700,uid={outsider.name}", "tmpfs", outsider.home)
    site.world.run("sh", "-c", f"dd if=/dev/zero of={outsider.home}/filling 2>/dev/null || :")
    page.get_by_role("button", name="Open it again").click()
    expect(page.get_by_role("alert")).to_have_text(ENDINGS[Ending.HOME_FULL])
    site.world.run("rm", f"{outsider.home}/filling")
    page.get_by_role("button", name="Open it again").click()
    shows_screen(page)


def test_with_200_ms_of_latency_everything_arrives_in_its_order(
    site: Site, browser: Browser, portal: PortalServer, member: Member
) -> None:
    text = "The quick brown fox jumps over the lazy dog; 0123456789.\n"
    with (
        Forward(portal.world, PORT, delay=0.1) as slow,
        window(browser, f"https://127.0.0.1:{slow.port}") as page,
    ):
        sign_in(page, member.user, member.phone.fresh())
        open_application(page)
        wait_until("the program", lambda: site.world.path(f"{member.user.home}/typed").exists())
        page.keyboard.type(text)
        wait_until("what was typed", lambda: written(site, member.user) == text)


def test_the_clipboard_goes_both_ways(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider)
    open_application(page)
    wait_until("the program", lambda: site.world.path(f"{outsider.home}/typed").exists())
    page.get_by_role("button", name="Clipboard").click()
    clip = page.get_by_label("Text in the clipboard of the session")
    clip.fill("grüße_from_the_browser\n")  # its end with it: a key that is pressed then may overtake the text
    page.get_by_role("button", name="Put it into the session").click()
    page.keyboard.press("Shift+Insert")  # xterm pastes
    wait_until("what was pasted", lambda: written(site, outsider) == "grüße_from_the_browser\n")
    page.keyboard.type("word_of_the_session\n")
    wait_until("what was typed", lambda: "word_of_the_session\n" in written(site, outsider))
    clip.fill("")
    # The second line of the terminal; a double click selects a word there.
    page.locator("#screen canvas").dblclick(position={"x": 40, "y": 22})
    expect(clip).to_have_value("word_of_the_session")


def test_the_screen_can_have_all_of_the_display(site: Site, page: Page, outsider: User) -> None:
    sign_in(page, outsider)
    open_application(page)
    button = page.get_by_role("button", name="Full screen")
    for full in ("true", "false"):
        button.click()
        expect(button).to_have_attribute("aria-pressed", full)
        assert page.evaluate("document.fullscreenElement !== null") is (full == "true")
        shows_screen(page)


def test_the_desktop_is_what_the_user_s_own_session_starts_and_its_end_is_said(
    site: Site, page: Page, outsider: User
) -> None:
    site.world.write(
        f"{outsider.home}/.xsession", "exec xterm -e sh -c ': > ready; read line && echo \"$line\" > typed'\n"
    )
    sign_in(page, outsider)
    open_application(page, "desktop")
    wait_until("the terminal", lambda: site.world.path(f"{outsider.home}/ready").exists())
    (screen,) = _screens(site, outsider)
    page.locator("#screen canvas").hover(position={"x": 100, "y": 100})  # no window manager gives it the keyboard
    page.keyboard.type("on the desktop\n")
    expect(page.get_by_role("alert")).to_have_text(ENDINGS[Ending.OVER])
    assert written(site, outsider) == "on the desktop\n"
    page.get_by_role("button", name="Open it again").click()
    shows_screen(page)
    assert _screens(site, outsider) != [screen]
