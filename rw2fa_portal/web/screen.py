"""A session in the browser: the page with the screen, and the WebSocket that the screen comes through."""

import asyncio
import socket
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from rw2fa_daemon.core.application import Application
from rw2fa_portal.desktop.ending import Ending
from rw2fa_portal.web.bridge import Cause, bridge
from rw2fa_portal.web.browsers import COOKIE
from rw2fa_portal.web.kinds import shown
from rw2fa_portal.web.limits import LOOK_SECONDS
from rw2fa_portal.web.logon import REFUSED, UNAVAILABLE
from rw2fa_portal.web.notice import CLOSE_CODE, SENTENCES, Notice
from rw2fa_portal.web.origin import is_own_page
from rw2fa_portal.web.pages import go
from rw2fa_portal.web.sender import sender
from rw2fa_portal.web.services import PortalServices
from rw2fa_portal.web.session_client import Unavailable
from rw2fa_portal.web.visit import Refused, Visit

POLICY_VIOLATION: Final = 1008

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Of the page with the screen: it connects to us, and pointers and pictures of the screen are data: URLs."""


class Screens:
    """GET of `/applications/LABEL`, its WebSocket, and POST of `/code`."""

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """The page; the session is opened by its script."""
        services = self._services
        visit = services.visit_of(request)
        if visit is None:
            return go("/?ended")
        if not visit.stands:
            return go("/logon")
        name = await self._name(visit, request.path_params["label"])
        if name is None:
            raise HTTPException(404)
        page = services.pages.show(
            "session.html",
            name=shown(name),
            label=request.path_params["label"],
            token=services.token_of(request),
            sentences=SENTENCES,
        )
        page.headers["Content-Security-Policy"] = PAGE_POLICY
        return page

    async def ask_code(self, request: Request) -> Response:
        """Somebody who is signed in wants to type another code."""
        services = self._services
        visit = await sender(services, request)
        if isinstance(visit, Response):
            return visit
        try:
            await visit.ask_code()
        except (Refused, Unavailable) as error:
            services.end(request)
            what = REFUSED if isinstance(error, Refused) else UNAVAILABLE
            return services.pages.show("ended.html", 403, alerts=(what,))
        return go("/logon")

    async def connect(self, browser: WebSocket) -> None:
        """The WebSocket of a screen."""
        if not is_own_page(browser.headers) or browser.headers.get("origin") is None:
            await browser.close(POLICY_VIOLATION)  # before it is accepted: an answer of 403
            return
        services = self._services
        entry = services.browsers.find(browser.cookies.get(COOKIE), services.clock())
        await browser.accept()
        if entry is None or not entry.what.stands:
            await browser.close(CLOSE_CODE, Notice.SIGNED_OUT)
            return
        try:
            why = await self._serve(browser, entry.what, browser.path_params["label"])
        except Unavailable:
            why = Notice.REFUSED
        if why is not None:
            await browser.close(CLOSE_CODE, why)

    async def _serve(self, browser: WebSocket, visit: Visit, label: str) -> Ending | Notice | None:
        """Show the session, and return what to tell the browser; None if it is gone."""
        name = await self._name(visit, label)
        if name is None:
            return Ending.NO_PROGRAM
        opened = await visit.open_screen(name)
        if not isinstance(opened, socket.socket):
            return opened
        watching = asyncio.create_task(self._watch(visit))
        try:
            cause = await bridge(browser, opened, visit.over)
        finally:
            watching.cancel()
        match cause:
            case Cause.SCREEN:
                return await visit.screen_ending(name) or Notice.LOST
            case Cause.IDLE:
                return Notice.IDLE
            case Cause.LOGON:
                return Notice.SIGNED_OUT
            case Cause.BROWSER:
                return None

    async def _watch(self, visit: Visit) -> None:
        """While a screen is open its logon is in use; and it is looked at whether that still stands."""
        services = self._services
        while True:
            visit.used = services.clock()
            await asyncio.sleep(LOOK_SECONDS)
            try:
                async with visit.turn:
                    stands = await visit.look(services.clock())
            except Unavailable:
                stands = False
            if not stands:
                visit.close()
                return

    async def _name(self, visit: Visit, label: str) -> str | None:
        """The application that an address means, if this user may open it."""
        return next((name for name in await visit.names() if Application(name).label == label), None)
