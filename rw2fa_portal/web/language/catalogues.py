"""The translations, read from their catalogues."""

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from rw2fa_portal.web.language.accepted import LANGUAGES, SOURCE

DOMAIN: Final = "portal"


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations into one of LANGUAGES. The file with them is text, and compiled here, once."""
    if language == SOURCE:
        return NullTranslations()
    file = resources.files("rw2fa_portal").joinpath("locale", language, "LC_MESSAGES", f"{DOMAIN}.po")
    compiled = io.BytesIO()
    with file.open("rb") as text:
        write_mo(compiled, read_po(text, locale=language, domain=DOMAIN, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def read_all() -> None:
    """Read them before the first page is asked for."""
    for language in LANGUAGES:
        catalogue(language)
