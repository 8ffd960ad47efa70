"""Who sent a form of ours."""

from starlette.requests import Request
from starlette.responses import Response

from rw2fa_portal.web.forms import BadForm, read_form
from rw2fa_portal.web.logon import FAILED, FOREIGN
from rw2fa_portal.web.pages import go
from rw2fa_portal.web.services import PortalServices
from rw2fa_portal.web.visit import Visit


async def sender(services: PortalServices, request: Request) -> Visit | Response:
    """Who sent a form of ours, signed in; or the answer to anybody else."""
    try:
        form = await read_form(request)
    except BadForm:
        return services.pages.show("error.html", 403, heading=FAILED, what=FOREIGN)
    visit = services.visit_of(request)
    if visit is None:
        return go("/?ended")
    if not services.is_ours(request, form.get("token", "")):
        return services.pages.show("error.html", 403, heading=FAILED, what=FOREIGN)
    return visit if visit.stands else go("/logon")
