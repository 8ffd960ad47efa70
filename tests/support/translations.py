"""The portal's catalogues: what the sources say is written into them, and what they lack is told."""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from rw2fa_portal.web.language.accepted import LANGUAGES, SOURCE
from rw2fa_portal.web.language.catalogues import DOMAIN
from rw2fa_portal.web.language.judged import SENTENCES

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ROOT / "rw2fa_portal"
TRANSLATED: Final = tuple(language for language in LANGUAGES if language != SOURCE)

_METHODS: Final = [("**.py", "python"), ("web/templates/**.html", "jinja2")]
_OPTIONS: Final = {"web/templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
_WIDTH: Final = 120
_HEAD: Final = (
    "The web portal's pages. `script/translations` adds what the sources say and drops what they say no more."
)

_FIELD: Final = re.compile(r"\{\w+\}|%\(\w+\)s|<[^>]*>")


def extracted() -> Catalog:
    """All messages of the sources, those that the daemon sends among them."""
    template = Catalog()
    for _file, _line, message, _comments, context in extract_from_dir(SOURCES, _METHODS, _OPTIONS):
        template.add(message, context=context)
    for sentence in SENTENCES:
        template.add(sentence)
    return template


def file_of(language: str) -> Path:
    """The catalogue of a language."""
    return SOURCES / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """The catalogue of a language as it is; an empty one where there is none."""
    file = file_of(language)
    if not file.exists():
        return Catalog(language)
    with file.open("rb") as text:
        return read_po(text, locale=language, domain=DOMAIN, abort_invalid=True)


def updated(language: str) -> bytes:
    """The catalogue of a language as its file has to be: every message of the sources, in order, and no other."""
    old, new = read(language), Catalog(language, domain=DOMAIN, header_comment=f"# {_HEAD}", fuzzy=False)
    for message in extracted():
        if message.id:
            known = old.get(message.id)
            new.add(message.id, known.string if known is not None else "")
    text = io.BytesIO()
    write_po(text, new, width=_WIDTH, sort_output=True, omit_header=True)
    head = "\n".join((
        f"# {_HEAD}",
        'msgid ""',
        'msgstr ""',
        f'"Language: {language}\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        f'"Plural-Forms: {new.plural_forms}\\n"',
    ))  # fmt: skip
    return f"{head}\n\n".encode() + text.getvalue().strip() + b"\n"


def faults(language: str) -> Iterator[str]:
    """What is not translated, or has other fields or tags than the sentence."""
    for message in read(language):
        if message.id:
            yield from (f"{language}: {fault}" for fault in faults_of(message))


def faults_of(message: Message) -> Iterator[str]:
    """What is wrong with a message."""
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    if message.fuzzy or not all(strings):
        yield f"not translated: {ids[0]}"
        return
    expected = sorted(_FIELD.findall(ids[-1]))
    for string in map(str, strings):
        if sorted(_FIELD.findall(string)) != expected:
            yield f"other fields or tags than in the sentence: {string}"


def main() -> int:
    """Bring the catalogues up to date; 1, with what is missing, where somebody has to translate."""
    for language in TRANSLATED:
        content = updated(language)
        file_of(language).parent.mkdir(parents=True, exist_ok=True)
        file_of(language).write_bytes(content)
    missing = [fault for language in TRANSLATED for fault in faults(language)]
    for fault in missing:
        sys.stderr.write(f"{fault}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
