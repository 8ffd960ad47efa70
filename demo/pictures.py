"""`python -m demo.pictures`: the pictures of the portal's main pages in the README, taken from a running one."""

import io
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page

from tests.support.browser import chromium, read_code, window
from tests.support.world.accounts import User, add_user
from tests.support.world.forward import Forward
from tests.support.world.installation import stage
from tests.support.world.logons import LogonServer
from tests.support.world.paths import REPOSITORY
from tests.support.world.phone import Phone
from tests.support.world.portal import PORT, PortalServer
from tests.support.world.portal_pages import open_application
from tests.support.world.screens import running
from tests.support.world.site import SCOPE_GROUP, Site
from tests.support.world.waiting import wait_until

FOLDER: Final = REPOSITORY / "docs" / "pictures"
SIZE: Final = {"width": 880, "height": 560}
COLOURS: Final = 64
"""Enough for pages; a picture has some 15 KiB then."""
APPLICATIONS: Final = """
title = "Example Ltd."

[[portal.applications]]
name = "Terminal"
command = "xterm -fa 'DejaVu Sans Mono' -fs 13"
"""


def main() -> int:
    """0 when all are there."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rw2fa-pictures-") as folder, Site([stage(Path(folder))]) as site:
        alice = add_user(site.world, "alice", groups=[SCOPE_GROUP])
        with (
            LogonServer(site.world),
            PortalServer(site.world, APPLICATIONS),
            Forward(site.world, PORT) as forward,
            chromium() as browser,
            window(browser, f"https://127.0.0.1:{forward.port}", viewport=SIZE, color_scheme="light") as page,
        ):
            _take_all(site, page, alice)
    return 0


def _take_all(site: Site, page: Page, alice: User) -> None:
    page.goto("/")
    page.fill("[name=username]", alice.name)
    page.fill("[name=password]", alice.password)
    _take(page, "logon")
    page.get_by_role("button", name="Sign in").click()
    phone = Phone(read_code(page))
    _take(page, "activation")
    page.fill("[name=code]", phone.fresh())
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="I have noted them down").click()
    page.wait_for_url("**/applications")
    _take(page, "applications")
    page.goto("/account")
    _take(page, "account")
    open_application(page)
    wait_until("the shell", lambda: bool(running(site.world, "bash", alice)))
    page.keyboard.type("cat /etc/issue.net\n")
    page.wait_for_timeout(3_000)  # nobody but a person sees whether it is drawn
    _take(page, "session")


def _take(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
