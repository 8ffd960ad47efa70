"""The user's own page: device, recovery codes, the last logons; and new recovery codes after a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from rw2fa_portal.web.language.moments import day, machine_time, moment
from rw2fa_portal.web.logon import REFUSED, UNAVAILABLE
from rw2fa_portal.web.pages import go
from rw2fa_portal.web.sender import sender
from rw2fa_portal.web.services import PortalServices
from rw2fa_portal.web.session_client import Unavailable
from rw2fa_portal.web.visit import Refused
from rw2fa_portal.words import N_

HOW: Final[Mapping[str, str]] = {
    "current": N_("This one, still signed in"),
    "open": N_("Still signed in"),
    "signed-out": N_("Signed out"),
    "expired": N_("Ended by itself"),
    "revoked": N_("Ended by an administrator, a reset or a lock"),
    "replaced": N_("Ended by a newer one"),
}
"""How a logon ended, by the word that the daemon has for it (docs/protocol.md)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One logon, as the page shows it; `address` is empty where nobody knows from where."""

    began: str
    began_utc: str
    address: str
    how: str
    ended: str
    ended_utc: str


class OwnPage:
    """GET of `/account`, POST of `/account/recovery`, GET and POST of `/account/recovery-codes`."""

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """The page."""
        services = self._services
        visit = services.visit_of(request)
        if visit is None or not visit.stands:
            return go("/?ended" if visit is None else "/logon")
        try:
            async with visit.turn:
                stands = await visit.look(services.clock())
            known = await visit.account() if stands else None
        except Unavailable:
            known = None
        if known is None:
            services.end(request)
            return go("/?ended")
        since = known.get("since", "")
        return services.pages.show(
            "account.html",
            token=services.token_of(request),
            user=visit.user,
            asked=known.get("asked") == "yes",
            by_sms=known.get("method") == "sms",
            ending=known.get("ending", ""),
            since=day(int(since)) if since else "",
            left=int(known.get("recovery", "0")),
            rows=[_row(line) for line in known.get("logons", "").splitlines()],
        )

    async def renew(self, request: Request) -> Response:
        """New recovery codes are wanted: a code is asked for first."""
        services = self._services
        visit = await sender(services, request)
        if isinstance(visit, Response):
            return visit
        try:
            await visit.ask_code("recovery")
        except (Refused, Unavailable) as error:
            services.end(request)
            what = REFUSED if isinstance(error, Refused) else UNAVAILABLE
            return services.pages.show("ended.html", 403, alerts=(what,))
        return go("/logon")

    async def show_codes(self, request: Request) -> Response:
        """The new codes, until they are noted down."""
        services = self._services
        visit = services.visit_of(request)
        if visit is None or not visit.stands or not visit.codes:
            return go("/?ended" if visit is None else "/account")
        return services.pages.show(
            "recovery.html", token=services.token_of(request), number="", codes=visit.codes, renewed=True
        )

    async def noted(self, request: Request) -> Response:
        """They are noted down, and not shown again."""
        visit = await sender(self._services, request)
        if isinstance(visit, Response):
            return visit
        visit.codes = ()
        return go("/account")


def _row(line: str) -> Row:
    """One logon, from the line that the daemon has for it."""
    began, how, ended, address = line.split(" ", 3)
    at = float(ended) if ended != "-" else None
    return Row(
        moment(float(began)),
        machine_time(float(began)),
        address,
        HOW.get(how, how),
        "" if at is None else moment(at),
        "" if at is None else machine_time(at),
    )
