"""The pages of a logon that is under way: a code, the activation, recovery codes, and whatever else PAM asks."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from rw2fa_daemon.core.prompts import Prompt
from rw2fa_portal.protocol import Phase
from rw2fa_portal.web.browsers import COOKIE
from rw2fa_portal.web.forms import BadForm, read_form
from rw2fa_portal.web.language.judged import joined, label
from rw2fa_portal.web.logon import FAILED, FOREIGN, REFUSED, STALE, UNAVAILABLE
from rw2fa_portal.web.pages import NO_STORE, go
from rw2fa_portal.web.qr import qr_picture
from rw2fa_portal.web.services import PortalServices, name_browser
from rw2fa_portal.web.session_client import Unavailable
from rw2fa_portal.web.visit import Refused, Visit
from rw2fa_portal.words import N_

_CODES: Final = frozenset(("code", "sms", "recovery", "token"))
"""What is answered in a field named `code`; the activation has one as well."""
_NO_PROMPT: Final = N_("Your answer")
_WRONG: Final = Prompt.CODE_WRONG.value.partition("\n")[0]


class Questions:
    """GET and POST of `/logon`, and the picture."""

    def __init__(self, services: PortalServices) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """The page for what is asked now."""
        visit = self._services.visit_of(request)
        if visit is None:
            return go("/?ended")
        if visit.question is None:
            return go("/applications")
        return self._page(request, visit, letters=request.url.query == "letters")

    async def picture(self, request: Request) -> Response:
        """The QR code, while it is to be scanned."""
        visit = self._services.visit_of(request)
        if visit is None or visit.picture is None or visit.page.asked != "enrol":
            raise HTTPException(404)
        return Response(qr_picture(visit.picture.lines[0]), media_type="image/svg+xml", headers=NO_STORE)

    async def submit(self, request: Request) -> Response:
        """An answer."""
        services = self._services
        try:
            form = await read_form(request)
        except BadForm:
            return services.pages.show("error.html", 403, heading=FAILED, what=FOREIGN)
        return await services.repeats.answer(request.url.path, form, lambda: self._submitted(request, form))

    async def _submitted(self, request: Request, form: Mapping[str, str]) -> Response:
        services = self._services
        visit = services.visit_of(request)
        if visit is None or visit.question is None:
            return go("/?ended" if visit is None else "/applications")
        if not services.is_ours(request, form.get("token", "")):
            return self._page(request, visit, 403, alert=STALE)
        async with visit.turn:
            if not visit.asks(form.get("n", "")):
                # Sent twice, or from a page that was left: what was typed there answers nothing that is asked now.
                return go("/logon")
            field = _field(visit)
            value = form.get(field, "")
            return await self._answered(request, visit, "".join(value.split()) if field == "code" else value)

    async def _answered(self, request: Request, visit: Visit, value: str) -> Response:
        services, began = self._services, self._services.clock()
        try:
            await visit.answer(value)
        except Refused as refused:
            await services.no_sooner(began)
            return self._over(request, 403, refused.reasons or (REFUSED,))
        except Unavailable:
            return self._over(request, 503, (UNAVAILABLE,))
        if not visit.stands:
            return go("/logon")
        # A new name for the user who is in: the one of before may be known to others.
        services.rate_limit.refund(visit.address)
        services.browsers.take(request.cookies[COOKIE])
        name = services.browsers.add(visit, services.clock(), stands=True)
        if name is None:
            visit.close()
            return self._over(request, 503, (UNAVAILABLE,))
        return name_browser(go("/account/recovery-codes" if visit.codes else "/applications"), name)

    def _over(self, request: Request, status: int, alerts: tuple[str, ...]) -> Response:
        self._services.end(request)
        return self._services.pages.show("ended.html", status, alerts=alerts)

    def _page(
        self, request: Request, visit: Visit, status: int = 200, *, alert: str = "", letters: bool = False
    ) -> Response:
        page, question = visit.page, visit.question
        assert question is not None
        shared = {"token": self._services.token_of(request), "number": question.number}
        told = tuple(line for one in question.told for line in one.text.splitlines())
        *before, prompt = page.lines
        before = [REFUSED if line == _WRONG else line for line in before if line]
        alerts = (alert,) if alert else tuple(before) if visit.repeated and page.asked != "sms" else ()
        if page.asked == "noted":
            return self._services.pages.show("recovery.html", status, **shared, codes=page.lines, renewed=False)
        if page.asked == "enrol" and visit.picture is not None:
            repeated = page != visit.picture
            shown = (*((alert,) if alert else ()), *((joined((*before, prompt)),) if repeated else ()))
            return self._services.pages.show(
                "activation.html",
                status,
                **shared,
                key=visit.picture.lines[1],
                digits=_digits(visit.picture.lines[0]),
                alerts=shown,
            )
        is_code = page.asked in _CODES
        words = page.asked in {"code", "sms"} and not letters
        return self._services.pages.show(
            "question.html",
            status,
            **shared,
            heading=_heading(visit, letters=letters),
            alerts=alerts,
            told=(*told, *(() if alerts and not alert else before)),
            label=label(prompt) or _NO_PROMPT,
            field=_field(visit),
            hidden=question.hidden,
            inputmode="numeric" if words else "text",
            autocomplete="one-time-code" if is_code else "new-password" if question.phase is Phase.PASSWORD else "off",
            words=words and is_code,
            again=page.asked == "sms",
        )


def _field(visit: Visit) -> str:
    return "code" if visit.page.asked in _CODES or visit.page.asked == "enrol" else "answer"


def _heading(visit: Visit, *, letters: bool) -> str:
    question = visit.question
    if letters or visit.page.asked == "recovery":
        return N_("Enter a recovery code")
    if visit.page.asked == "token":
        return N_("Enter your enrolment token")
    if visit.page.asked:
        return N_("Enter your code")
    if question and question.phase is Phase.PASSWORD:
        return N_("Choose a new password")
    return N_("One more question")


def _digits(uri: str) -> str:
    """How many digits the codes of an otpauth URI have; 6 where it is silent (Google's key URI format)."""
    return parse_qs(urlsplit(uri).query).get("digits", ["6"])[0]
