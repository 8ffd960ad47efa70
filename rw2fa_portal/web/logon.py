"""The logon page: name, password, and a code for users who have one at hand."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from rw2fa_portal.web.forms import BadForm, read_form
from rw2fa_portal.web.kinds import KINDS, chosen
from rw2fa_portal.web.language.current import _
from rw2fa_portal.web.language.spans import minutes
from rw2fa_portal.web.pages import go
from rw2fa_portal.web.services import PortalServices, known_or_new, name_browser
from rw2fa_portal.web.session_client import Unavailable
from rw2fa_portal.web.visit import Refused, Visit, begin
from rw2fa_portal.words import N_

REFUSED: Final = N_("That was not accepted. Check what you typed, and try again.")
"""Whatever of it was wrong, on this page and the next."""
UNAVAILABLE: Final = N_(
    "Signing in is not possible at the moment. Try again in a minute; if it lasts, tell your administrator."
)
CROWDED: Final = N_("Too many people are signing in at the moment. Try again in a minute.")
TOO_MANY: Final = N_("Too many failed attempts from your network. Try again in {wait}.")
STALE: Final = N_("This page was open for too long, or your browser keeps no cookies for it. Try again.")
FOREIGN: Final = N_("What your browser sent did not come from this page. Open the sign-in page, and try again.")
FAILED: Final = N_("This did not work")
"""The heading of an error."""
NOTES: Final[Mapping[str, str]] = {
    "ended": N_("Your session has ended. Sign in again."),
    "out": N_("You are signed out."),
}
"""What the logon page says to users who were sent there, by the word in its address."""


class Logon:
    """GET and POST of `/`."""

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """The page; a user who is signed in already goes on."""
        visit = self._services.visit_of(request)
        if visit is not None and visit.stands:
            return go("/applications")
        return self._page(request, note=NOTES.get(request.url.query, ""))

    async def submit(self, request: Request) -> Response:
        """A logon."""
        services = self._services
        try:
            form = await read_form(request)
        except BadForm:
            return services.pages.show("error.html", 403, heading=FAILED, what=FOREIGN)
        return await services.repeats.answer(request.url.path, form, lambda: self._submitted(request, form))

    async def _submitted(self, request: Request, form: Mapping[str, str]) -> Response:
        services, began = self._services, self._services.clock()
        username = form.get("username", "").strip()
        if not services.is_ours(request, form.get("token", "")):
            return self._page(request, 403, username=username, alerts=(STALE,))
        address = services.address_of(request)
        wait = services.rate_limit.charge(address, began)
        if wait > 0:
            return self._page(request, 429, username=username, alerts=(_(TOO_MANY).format(wait=minutes(wait)),))
        choice = chosen(form.get("session", ""))
        try:
            visit = await begin(
                services.session_socket, username, form.get("password", ""), _typed(form), address, choice
            )
        except Refused as refused:
            await services.no_sooner(began)
            return self._page(request, 403, username=username, choice=choice, alerts=refused.reasons or (REFUSED,))
        except Unavailable:
            await services.no_sooner(began)
            return self._page(request, 503, username=username, choice=choice, alerts=(UNAVAILABLE,))
        return self._begun(request, visit)

    def _begun(self, request: Request, visit: Visit) -> Response:
        """Under a new name: whoever planted the old one in this browser does not know it."""
        services = self._services
        services.end(request)
        name = services.browsers.add(visit, services.clock(), stands=visit.stands)
        if name is None:
            visit.close()
            return self._page(request, 503, alerts=(CROWDED,))
        if visit.stands:
            services.rate_limit.refund(visit.address)
        return name_browser(go("/applications" if visit.stands else "/logon"), name)

    def _page(
        self,
        request: Request,
        status: int = 200,
        *,
        username: str = "",
        choice: str = "",
        alerts: Sequence[str] = (),
        note: str = "",
    ) -> Response:
        name, is_new = known_or_new(request)
        page = self._services.pages.show(
            "logon.html",
            status,
            token=self._services.browsers.token(name),
            username=username,
            kinds=KINDS,
            choice=choice or chosen(""),
            alerts=alerts,
            note=note,
        )
        return name_browser(page, name) if is_new else page


def _typed(form: Mapping[str, str]) -> str:
    """The code without the spaces that apps show in it."""
    return "".join(form.get("code", "").split())
