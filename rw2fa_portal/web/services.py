"""What the pages share, and what each asks of it: who is there, from where, and whether a form is ours."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from rw2fa_portal.web.browsers import COOKIE, Browsers, new_name
from rw2fa_portal.web.limits import FLOOR_SECONDS
from rw2fa_portal.web.origin import browser_address
from rw2fa_portal.web.pages import Pages
from rw2fa_portal.web.prepared import Prepared
from rw2fa_portal.web.rate_limit import RateLimit
from rw2fa_portal.web.repeats import Repeats
from rw2fa_portal.web.visit import Visit


@dataclass(frozen=True, slots=True)
class PortalServices:
    """One for all requests."""

    prepared: Prepared
    pages: Pages
    browsers: Browsers[Visit]
    rate_limit: RateLimit
    session_socket: Path
    clock: Callable[[], float]
    """Monotonic seconds."""
    repeats: Repeats = field(default_factory=Repeats)

    def address_of(self, request: Request) -> str:
        """The numeric address of the browser, empty where it is not known."""
        peer = None if self.prepared.behind_socket or request.client is None else request.client.host
        return browser_address(peer, request.headers.getlist("x-forwarded-for"), self.prepared.networks)

    def visit_of(self, request: Request) -> Visit | None:
        """The logon of this browser, under way or standing."""
        entry = self.browsers.find(request.cookies.get(COOKIE), self.clock())
        return entry.what if entry else None

    def is_ours(self, request: Request, token: str) -> bool:
        """Whether a form was made for this browser."""
        return self.browsers.is_token(request.cookies.get(COOKIE), token)

    def token_of(self, request: Request) -> str:
        """What a form for this browser carries; the browser has a name by then."""
        return self.browsers.token(request.cookies.get(COOKIE, ""))

    def end(self, request: Request) -> None:
        """End the logon of this browser."""
        if name := request.cookies.get(COOKIE):
            self.browsers.drop(name)

    async def no_sooner(self, began: float) -> None:
        """Wait until as much time has passed since `began` as every failure takes."""
        await asyncio.sleep(max(0.0, began + FLOOR_SECONDS - self.clock()))


def name_browser(response: Response, name: str) -> Response:
    """Give the browser a name.

    SameSite=Strict: no other site's link or form arrives here as somebody who is signed in; whoever follows a link from
    a mail sees the logon page.
    """
    response.set_cookie(COOKIE, name, path="/", secure=True, httponly=True, samesite="strict")
    return response


def forget_browser(response: Response) -> Response:
    """Take the name back."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


def known_or_new(request: Request) -> tuple[str, bool]:
    """The name that this browser has, or a new one, and whether it is new."""
    known = request.cookies.get(COOKIE)
    return (known, False) if known else (new_name(), True)
