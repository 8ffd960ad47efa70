"""Debian's Chromium, driven by Playwright, and what tests look at in its pages."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
NARROW: Final = {"width": 360, "height": 740}
"""The width of a small phone (WCAG 2.2, 1.4.10 asks for 320 without scrolling both ways)."""
_PATIENCE_MS: Final = 30_000
_RULES: Final = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. Its own sandbox needs a user that is not root."""
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def window(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """A page in a profile of its own, that takes a self-signed certificate."""
    context: BrowserContext = browser.new_context(base_url=url, ignore_https_errors=True, **options)
    context.set_default_timeout(_PATIENCE_MS)
    yield context.new_page()
    context.close()


def violations(page: Page) -> str:
    """What axe-core finds wrong with the page (WCAG 2.2, levels A and AA), as text; empty for nothing."""
    found = Axe().run(page, options=_RULES)
    return "" if found.violations_count == 0 else f"{page.url}\n{found.generate_report()}"


def scrolls_sideways(page: Page) -> bool:
    """Whether something sticks out to the right of the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def read_code(page: Page) -> str:
    """The text of the QR code that a phone sees in the window. An AssertionError if it sees none."""
    page.locator("#qr").evaluate("picture => picture.decode()")
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1, f"{len(found)} QR codes on the page"
    return str(found[0].text)
