"""The portal as an ASGI application: its addresses, and the headers that all answers have."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rw2fa_portal.web.account import OwnPage
from rw2fa_portal.web.applications import Applications
from rw2fa_portal.web.browsers import Browsers
from rw2fa_portal.web.language.catalogues import read_all
from rw2fa_portal.web.language.current import SpeakLanguage
from rw2fa_portal.web.logon import FAILED, Logon
from rw2fa_portal.web.looks import SHIPPED, Looks
from rw2fa_portal.web.pages import HEADERS, Pages
from rw2fa_portal.web.prepared import Prepared
from rw2fa_portal.web.questions import Questions
from rw2fa_portal.web.rate_limit import RateLimit
from rw2fa_portal.web.remote import RemoteDesktop
from rw2fa_portal.web.screen import Screens
from rw2fa_portal.web.services import PortalServices
from rw2fa_portal.words import N_

SWEEP_SECONDS = 30.0
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}
_ERRORS = {404: N_("There is no such page."), 405: N_("This page cannot be used like that.")}


class _Headers:
    """Adds headers to every answer."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


def make_app(prepared: Prepared, clock: Callable[[], float] = time.monotonic, looks: Looks = SHIPPED) -> Starlette:
    """The application with these settings; `clock` gives monotonic seconds."""
    read_all()
    services = PortalServices(
        prepared, Pages(prepared.title, looks), Browsers(), RateLimit(), Path(prepared.session_socket), clock
    )
    logon, questions, applications, screens = (
        Logon(services),
        Questions(services),
        Applications(services),
        Screens(services),
    )

    own, remote = OwnPage(services), RemoteDesktop(services)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(_sweep(services))
        yield
        sweeping.cancel()
        services.browsers.close()

    async def failed(request: Request, error: Exception) -> Response:
        del request
        status = error.status_code if isinstance(error, HTTPException) else 500
        what = _ERRORS.get(status, N_("Something went wrong. Try again."))
        return services.pages.show("error.html", status, heading=FAILED, what=what)

    async def static(request: Request) -> Response:
        file = services.pages.files.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        return file.response()

    return Starlette(
        routes=[
            Route("/", logon.show, methods=["GET"]),
            Route("/", logon.submit, methods=["POST"]),
            Route("/logon", questions.show, methods=["GET"]),
            Route("/logon", questions.submit, methods=["POST"]),
            Route("/logon/qr.svg", questions.picture, methods=["GET"]),
            Route("/applications", applications.show, methods=["GET"]),
            Route("/applications/{label}", screens.show, methods=["GET"]),
            WebSocketRoute("/applications/{label}/screen", screens.connect),
            Route("/remote", remote.show, methods=["GET"]),
            Route("/remote", remote.arm, methods=["POST"]),
            Route("/remote/desktop.rdp", remote.file, methods=["GET"]),
            Route("/account", own.show, methods=["GET"]),
            Route("/account/recovery", own.renew, methods=["POST"]),
            Route("/account/recovery-codes", own.show_codes, methods=["GET"]),
            Route("/account/recovery-codes", own.noted, methods=["POST"]),
            Route("/code", screens.ask_code, methods=["POST"]),
            Route("/signout", applications.sign_out, methods=["POST"]),
            Route("/healthz", _healthy, methods=["GET"]),
            Mount("/static/novnc", StaticFiles(packages=[("rw2fa_portal.web", "static/novnc")])),
            Route("/static/{name}", static, methods=["GET"]),
        ],
        middleware=[
            Middleware(_Headers, headers={**HEADERS, **(_HSTS if prepared.own_certificate else {})}),
            Middleware(SpeakLanguage),
        ],
        exception_handlers={HTTPException: failed, 500: failed},
        lifespan=lifespan,
    )


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _sweep(services: PortalServices) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        services.browsers.sweep(services.clock())
