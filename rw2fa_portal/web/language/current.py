"""The language of the request that is being answered, and words in it."""

from contextvars import ContextVar
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rw2fa_portal.web.language.accepted import SOURCE, accepted
from rw2fa_portal.web.language.catalogues import catalogue

_language: Final = ContextVar("language", default=SOURCE)


def language() -> str:
    """Its tag."""
    return _language.get()


def _(text: str) -> str:
    """The translation of a sentence; the sentence itself where there is none, as for what other PAM modules say."""
    return catalogue(language()).gettext(text) if text else ""  # of the empty one gettext gives the catalogue's head


def ngettext(one: str, many: str, count: int) -> str:
    """The translation of a sentence with a number in it, for this number."""
    return catalogue(language()).ngettext(one, many, count)


class SpeakLanguage:
    """Sets the language for whatever answers a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = Headers(scope=scope).get("accept-language", "") if scope["type"] in {"http", "websocket"} else ""
        _language.set(accepted(wanted))  # each request is a task, with variables of its own
        await self._app(scope, receive, send)
