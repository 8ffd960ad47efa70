"""What somebody who is signed in sees, and signing out."""

import time

from starlette.requests import Request
from starlette.responses import Response

from rw2fa_daemon.core.application import DESKTOP_NAME, Application
from rw2fa_portal.web.browsers import COOKIE
from rw2fa_portal.web.forms import BadForm, read_form
from rw2fa_portal.web.kinds import REMOTE, Link, shown
from rw2fa_portal.web.language.moments import clock_time, machine_time
from rw2fa_portal.web.limits import AGE_SECONDS
from rw2fa_portal.web.logon import FAILED, FOREIGN
from rw2fa_portal.web.pages import go
from rw2fa_portal.web.services import PortalServices, forget_browser
from rw2fa_portal.web.session_client import Unavailable


class Applications:
    """GET of `/applications`, POST of `/signout`."""

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """The page, for whom PAM would still let in."""
        services, now = self._services, self._services.clock()
        entry = services.browsers.find(request.cookies.get(COOKIE), now)
        if entry is None:
            return go("/?ended" if COOKIE in request.cookies else "/")
        visit = entry.what
        if not visit.stands:
            return go("/logon")
        try:
            async with visit.turn:
                still = await visit.look(now)
            applications = [self._link(name, visit.choice) for name in await visit.names()] if still else []
        except Unavailable:
            still, applications = False, []
        if not still:
            services.end(request)
            return go("/?ended")
        until = time.time() + entry.since + AGE_SECONDS - now
        return services.pages.show(
            "applications.html",
            token=services.token_of(request),
            user=visit.user,
            applications=applications,
            told=(),
            until=clock_time(until),
            until_utc=machine_time(until),
        )

    async def sign_out(self, request: Request) -> Response:
        """The end of the logon."""
        services = self._services
        try:
            form = await read_form(request)
        except BadForm:
            return services.pages.show("error.html", 403, heading=FAILED, what=FOREIGN)
        if services.visit_of(request) is not None:
            if not services.is_ours(request, form.get("token", "")):
                return services.pages.show("error.html", 403, heading=FAILED, what=FOREIGN)
            services.end(request)
        return forget_browser(go("/?out"))

    def _link(self, name: str, choice: str) -> Link:
        """The desktop opens as was chosen at the logon; one application alone opens in the browser."""
        remote = name == DESKTOP_NAME and choice == REMOTE
        href = "/remote" if remote else f"/applications/{Application(name).label}"
        return Link(name, shown(name), href, self._services.pages.icon_of(name))
