"""The desktop in a remote-desktop client: a pass for one login, and the file that the client opens."""

import os
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from rw2fa_daemon.core.prompts import Prompt
from rw2fa_portal.web.language.moments import clock_time, machine_time
from rw2fa_portal.web.notice import SENTENCES, Notice
from rw2fa_portal.web.pages import NO_STORE, go
from rw2fa_portal.web.rdp import PassState, RdpPass, host_of, rdp_file
from rw2fa_portal.web.sender import sender
from rw2fa_portal.web.services import PortalServices
from rw2fa_portal.web.session_client import Unavailable
from rw2fa_portal.web.visit import Visit
from rw2fa_portal.words import N_

STATES: Final = {
    PassState.USED: N_("The client was let in. To connect once more, start again."),
    PassState.EXPIRED: N_("The time to connect is over. Start again."),
}
"""What the page says of a pass that lets nobody in."""
CANCELLED: Final = N_(
    "Somebody else tried to sign in to your account with a remote-desktop client, so yours is not let in. If that"
    " was not you, tell your administrator. Wait a minute, then start again."
)


class RemoteDesktop:
    """GET and POST of `/remote`, and the file below it."""

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """How the latest pass stands, and how to get one."""
        visit = self._standing(request)
        if isinstance(visit, Response):
            return visit
        try:
            known = await visit.rdp_pass()
        except Unavailable:
            return self._ended(request)
        return self._page(request, visit, known, fetch=request.url.query == "new")

    async def arm(self, request: Request) -> Response:
        """A client is about to connect."""
        visit = await sender(self._services, request)
        if isinstance(visit, Response):
            return visit
        # A form that comes twice puts the second pass in the place of the first.
        return await self._armed(request, visit)

    async def _armed(self, request: Request, visit: Visit) -> Response:
        services = self._services
        try:
            known = await visit.rdp_pass()
            if known.needed and not services.prepared.rdp_passes:
                return self._page(request, visit, known, alert=Prompt.RDP_NOWHERE.value)
            found = await visit.arm(services.address_of(request))
        except Unavailable:
            return self._ended(request)
        if isinstance(found, RdpPass):
            return go("/remote?new")
        if found is Notice.SIGNED_OUT:
            return self._ended(request)
        alert = SENTENCES[found] if isinstance(found, Notice) else found
        return self._page(request, visit, known, alert=alert, needs_code=found is Notice.CODE)

    async def file(self, request: Request) -> Response:
        """The file: where to connect and as whom. It lets nobody in by itself."""
        visit = self._standing(request)
        if isinstance(visit, Response):
            return visit
        prepared = self._services.prepared
        address = prepared.rdp_address or host_of(request.headers.get("host", "")) or os.uname().nodename
        return Response(
            rdp_file(address, visit.user, prepared.rdp_load_balance_info),
            media_type="application/x-rdp",
            headers={**NO_STORE, "Content-Disposition": 'attachment; filename="desktop.rdp"'},
        )

    def _standing(self, request: Request) -> Visit | Response:
        """Who is signed in, or where to go instead."""
        visit = self._services.visit_of(request)
        if visit is None:
            return go("/?ended")
        return visit if visit.stands else go("/logon")

    def _ended(self, request: Request) -> Response:
        self._services.end(request)
        return go("/?ended")

    def _page(
        self,
        request: Request,
        visit: Visit,
        known: RdpPass,
        *,
        alert: str = "",
        needs_code: bool = False,
        fetch: bool = False,
    ) -> Response:
        armed = known.until is not None and known.state is PassState.ARMED
        if not alert and known.state is PassState.CANCELLED:
            alert = CANCELLED
        return self._services.pages.show(
            "remote.html",
            403 if alert and request.method == "POST" else 200,
            token=self._services.token_of(request),
            user=visit.user,
            alert=alert,
            needs_code=needs_code,
            needed=known.needed,
            state="" if alert else STATES.get(known.state, ""),
            until=clock_time(known.until) if armed and known.until is not None else "",
            until_utc=machine_time(known.until) if armed and known.until is not None else "",
            file="/remote/desktop.rdp",
            fetch=fetch and (armed or not known.needed),
        )
