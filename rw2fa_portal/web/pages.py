"""Pages: templates, the headers that go with each, and the files that they use."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rw2fa_daemon.core.application import Application
from rw2fa_portal.web.language.current import _, language, ngettext
from rw2fa_portal.web.language.judged import say
from rw2fa_portal.web.looks import SHIPPED, Looks

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then say `Origin: null` of our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # For browsers that do not know frame-ancestors.
    "X-Frame-Options": "DENY",
}
NO_STORE: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}
_FILE_SECONDS: Final = 86_400

_SHIPPED: Final = ("icon.svg", "portal.css", "portal.js", "session.css", "session.js")
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
}
"""By the ending of a file's name."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that pages use, and its address, which changes with its content."""

    name: str
    content: bytes

    @property
    def url(self) -> str:
        """The address."""
        return f"/static/{self.name}?{hashlib.sha256(self.content).hexdigest()[:16]}"

    def response(self) -> Response:
        """The file, which a browser may keep."""
        headers = {"Cache-Control": f"public, max-age={_FILE_SECONDS}"}
        return Response(self.content, media_type=_TYPES[self.name.rpartition(".")[2]], headers=headers)


def static_files() -> dict[str, StaticFile]:
    """All there are, read once."""
    folder = resources.files("rw2fa_portal.web").joinpath("static")
    return {name: StaticFile(name, folder.joinpath(name).read_bytes()) for name in _SHIPPED}


class Pages:
    """The templates, filled with what all pages share."""

    def __init__(self, title: str, looks: Looks = SHIPPED) -> None:
        self.files = static_files()
        self._icons = {
            name: self._add(f"{Application(name).label}.{icon.kind}", icon.content)
            for name, icon in looks.icons.items()
        }
        self._environment = Environment(
            loader=PackageLoader("rw2fa_portal.web"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
        self._environment.policies["ext.i18n.trimmed"] = True
        self._environment.filters["say"] = say
        self._environment.globals.update(
            title=title,
            logo=self._add(f"logo.{looks.logo.kind}", looks.logo.content) if looks.logo else "",
            site_stylesheet=self._add("site.css", looks.stylesheet.encode()) if looks.colour else "",
            icon=self.files["icon.svg"].url,
            stylesheet=self.files["portal.css"].url,
            script=self.files["portal.js"].url,
            session_stylesheet=self.files["session.css"].url,
            session_script=self.files["session.js"].url,
        )

    def icon_of(self, name: str) -> str:
        """The address of an application's picture; empty where it has none."""
        return self._icons.get(name, "")

    def _add(self, name: str, content: bytes) -> str:
        """Serve one more file, and return its address."""
        self.files[name] = StaticFile(name, content)
        return self.files[name].url

    def show(self, template: str, status: int = 200, **values: object) -> HTMLResponse:
        """A page, in the language of the request.

        Nothing of it is stored by a browser: it may hold a key, and the button "back" shows none.
        """
        text = self._environment.get_template(template).render(lang=language(), **values)
        return HTMLResponse(text, status, headers=NO_STORE)


def go(path: str) -> RedirectResponse:
    """To another page of ours, by GET (RFC 9110 §15.4.4)."""
    return RedirectResponse(path, 303, headers=NO_STORE)
