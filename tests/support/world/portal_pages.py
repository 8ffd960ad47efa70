"""What somebody does on the portal's pages."""

import re

from playwright.sync_api import Page, expect

from tests.support.world.accounts import User
from tests.support.world.site import Site


def sign_in(page: Page, user: User, code: str = "", kind: str = "html5") -> None:
    """Sign in, as far as the applications."""
    page.goto("/")
    page.fill("[name=username]", user.name)
    page.fill("[name=password]", user.password)
    page.fill("[name=code]", code)
    page.check(f"[name=session][value={kind}]")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/applications$"))


def open_application(page: Page, name: str = "Terminal") -> None:
    """Open an application in the window, and wait for its screen."""
    page.goto("/applications")
    page.click(f'[data-application="{name}"]')
    shows_screen(page)


def shows_screen(page: Page) -> None:
    """Wait for the one screen of the window."""
    expect(page.locator('#screen[data-state="connected"] canvas')).to_be_visible()


def written(site: Site, user: User, name: str = "typed") -> str:
    """What a file in somebody's home has; nothing if there is none."""
    path = site.world.path(f"{user.home}/{name}")
    return path.read_text() if path.exists() else ""
