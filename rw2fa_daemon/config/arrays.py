"""Lists of strings in TOML (https://toml.io/en/v1.0.0#array), found, read and changed in the text itself. Pure.

A hundred thousand names are two megabytes: a full TOML parser takes seconds to read them and hours to change
one. Text that these expressions do not match is left to such a parser.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_CONTROL: Final = r"\x00-\x08\x0a-\x1f\x7f"
"""Control characters other than tab, which neither strings nor comments may contain."""
_COMMENT: Final = rf"#[^{_CONTROL}]*"
_BLANK: Final = rf"[ \t\n]*(?:(?:\r\n|{_COMMENT}\r?\n)[ \t\n]*)*"
_STRING: Final = rf'(?:"[^"\\{_CONTROL}]*(?:\\[^{_CONTROL}][^"\\{_CONTROL}]*)*"' rf"|'[^'{_CONTROL}]*')"
_KEY: Final = r"[ \t]*[A-Za-z0-9_-]+[ \t]*"
_ASSIGNED: Final = re.compile(rf"^{_KEY}(?:\.{_KEY})*=[ \t]*(?=\[)", re.MULTILINE)
_BEGIN: Final = re.compile(rf"\[{_BLANK}")
_SOME: Final = re.compile(rf"(?:(?P<string>{_STRING}){_BLANK}(?P<comma>,){_BLANK}){{1,1000}}")
"""Bounded, since the expression would otherwise remember where each entry began."""
_END: Final = re.compile(rf"(?:(?P<string>{_STRING}){_BLANK})?\]")
_BETWEEN_QUOTES: Final = re.compile(r'"([^"]*)"')
_ODD: Final = "#'\\"
_BLANKS: Final = " \t\r\n"
_ODD_LINE: Final = re.compile(rf"^.*[{re.escape(_ODD)}].*$", re.MULTILINE)
"""A line with a comment, or with a string that is more than the text between its quotes."""
_TEXTS: Final = re.compile(rf"{_COMMENT}|({_STRING})")
_ENTRY: Final = re.compile(rf"{_COMMENT}|(?P<string>{_STRING})(?P<rest>[ \t]*,?[ \t]*)")
_PAIR: Final = re.compile(rf"{_COMMENT}|(?P<string>{_STRING})(?:(?P<between>{_BLANK}),)?")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_MULTI_LINE_STRINGS: Final = ('"""', "'''")
_STAND_IN: Final = re.compile(r'\["(x*list-[0-9]+)-"\]')
_PLAIN: Final = re.compile(r"[ -!#-\[\]-~]*")
"""Text that needs no escapes in quotes."""

ON_ONE_LINE: Final = 8
"""An empty list that gets more than this many entries gets a line for each."""
_INDENT: Final = "    "


@dataclass(frozen=True, slots=True)
class _Scanned:
    """A list in a text: where it ends, where its last entry is, and the comma after that, if any."""

    end: int
    last: tuple[int, int] | None
    comma: int | None


def _scan(text: str, begin: int) -> _Scanned | None:
    """The list at `begin`; None if there is none, or one that has other entries than strings."""
    return _scan_plain(text, begin) or _scan_any(text, begin)


def _scan_plain(text: str, begin: int) -> _Scanned | None:
    """The same for most lists, and three times as fast: in it are quoted printable strings and nothing to escape."""
    end = text.find("]", begin)
    inside = text[begin + 1 : end]
    if text[begin : begin + 1] != "[" or end < 0 or any(character in inside for character in _ODD):
        return None
    between = inside.split('"')
    strings = between[1::2]
    # An odd number of quotes: the bracket is in a string.
    if len(between) % 2 == 0 or not "".join(strings).isprintable():
        return None
    first, *commas, last = (*between[0::2], "") if not strings else between[0::2]
    if first.strip(_BLANKS) or last.strip(_BLANKS) not in {"", ","}:
        return None
    if any(comma.strip(_BLANKS) != "," for comma in set(commas)) or "\r" in inside.replace("\r\n", ""):
        return None
    if not strings:
        return _Scanned(end + 1, None, None)
    stop = end - len(last)
    comma = last.find(",")
    return _Scanned(end + 1, (stop - len(strings[-1]) - 2, stop), stop + comma if comma >= 0 else None)


def _scan_any(text: str, begin: int) -> _Scanned | None:
    found = _BEGIN.match(text, begin)
    some = None
    while found and (more := _SOME.match(text, found.end())):
        found = some = more
    end = _END.match(text, found.end()) if found else None
    if end is None:
        return None
    if end["string"]:
        return _Scanned(end.end(), end.span("string"), None)
    return _Scanned(end.end(), some.span("string") if some else None, some.start("comma") if some else None)


def cut(text: str, shortest: int = 0) -> tuple[str, dict[str, str]]:
    """Cut the lists of at least `shortest` characters out of a TOML text.

    Returns the text with a list of one word in place of each, and the original lists by that word. A text that is not
    TOML may be cut anywhere; the rest of it is not TOML either.
    """
    # A line in a multi-line string may look like anything. Otherwise a line begins outside of strings, and
    # inside a list no key can be set.
    if any(quotes in text for quotes in _MULTI_LINE_STRINGS):
        return text, {}
    mark = unused(text)
    taken: dict[str, str] = {}
    parts: list[str] = []
    end = 0
    while found := _ASSIGNED.search(text, end):
        scanned = _scan(text, found.end())
        stop = scanned.end if scanned else found.end()
        if scanned and stop - found.end() >= shortest:
            word = f"{mark}{len(taken)}"
            taken[word] = text[found.end() : stop]
            parts += (text[end : found.end()], stand_in(word))
        else:
            parts.append(text[end:stop])
        end = stop
    return "".join((*parts, text[end:])), taken


def stand_in(word: str) -> str:
    """The list that stands for another in the text."""
    return f'["{word}-"]'


def replaced(text: str, taken: Mapping[str, str]) -> str:
    """A text with the lists that were cut out of it, changed or not, in place of their stand-ins."""
    return _STAND_IN.sub(lambda found: taken.get(found[1], found[0]), text)


def word_of(value: object) -> str | None:
    """The word of a list made by `stand_in`; None for other values."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) and value[0].endswith("-"):
        return str(value[0][:-1])
    return None


def unused(text: str) -> str:
    """A prefix of words that a text does not contain."""
    mark = "list-"
    while mark in text:
        mark = f"x{mark}"
    return mark


def put_back(document: dict[str, Any], taken: Mapping[str, str]) -> None:
    """Put the lists that were cut out of a text into the parsed rest; raises tomllib.TOMLDecodeError."""
    for key, value in document.items():
        if (word := word_of(value)) in taken:
            document[key] = texts_in(taken[str(word)])
        for inner in value if isinstance(value, list) else (value,):
            if isinstance(inner, dict):
                put_back(inner, taken)


def texts_in(array: str) -> list[str]:
    """The strings in a list that was cut out; raises tomllib.TOMLDecodeError."""
    if not any(character in array for character in _ODD):
        # The usual case; looking for odd lines takes longer than reading all of them.
        return _BETWEEN_QUOTES.findall(array)
    texts: list[str] = []
    end = 0
    for odd in _ODD_LINE.finditer(array):
        texts += _BETWEEN_QUOTES.findall(array, end, odd.start())
        texts += [_text(string) for string in _TEXTS.findall(odd[0]) if string]
        end = odd.end()
    return texts + _BETWEEN_QUOTES.findall(array, end)


def _text(string: str) -> str:
    if "\\" not in string or string[0] == "'":
        return string[1:-1]
    return str(tomllib.loads(f"text = {string}")["text"])


def quoted(text: str) -> str:
    """A string as TOML writes it on one line."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(rf"[{_CONTROL}]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'


def amended(array: str, wanted: Sequence[str]) -> str:
    """A list that was cut out, with the entries of `wanted`: existing ones stay where they are, new ones follow.

    Comments stay, except one after an entry that is removed with its line.
    """
    present, keep = texts_in(array), frozenset(wanted)
    known = frozenset(present)
    text = array
    if not known <= keep:
        text = _without(text, known - keep)
        scanned = _scan(text, 0)
        if not scanned or scanned.end != len(text) or texts_in(text) != [entry for entry in present if entry in keep]:
            # A comma is on another line than the entry before it.
            text = _PAIR.sub(lambda pair: _rest_of(pair, known - keep), array)
    new = [entry for entry in dict.fromkeys(wanted) if entry not in known]
    return _with(text, new) if new else text


def _without(array: str, gone: frozenset[str]) -> str:
    lines = _LINE.findall(array)
    last = len(lines) - 1
    text = "".join(
        line if gone.isdisjoint(texts_in(line)) else _line_without(line, gone, whole=number in (0, last))
        for number, line in enumerate(lines)
    )
    # On a single line no comma follows the last entry.
    return text if "\n" in text else re.sub(r",[ \t]*\]$", " ]" if text.endswith(" ]") else "]", text)


def _line_without(line: str, gone: frozenset[str], *, whole: bool) -> str:
    """One line without some entries.

    Nothing of it stays if it had no others, unless the `whole` list begins or ends on it.
    """
    if not whole and gone >= set(texts_in(line)):
        return ""

    def kept(entry: re.Match[str]) -> str:
        return "" if entry["string"] and texts_in(entry["string"])[0] in gone else entry[0]

    return _ENTRY.sub(kept, line)


def _rest_of(pair: re.Match[str], gone: frozenset[str]) -> str:
    """What stays of an entry and its comma."""
    return pair["between"] or "" if pair["string"] and texts_in(pair["string"])[0] in gone else pair[0]


def _with(array: str, new: Iterable[str]) -> str:
    scanned = _scan(array, 0)
    assert scanned
    entries = [quoted(entry) for entry in new]
    if "\n" not in array:
        return _with_on_line(array, scanned, entries)
    line_end = "\r\n" if "\r\n" in array else "\n"
    indent = _INDENT
    if scanned.last:
        first, stop = scanned.last
        line = array.rfind("\n", 0, first) + 1
        if line and not array[line:first].strip(" \t"):
            indent = array[line:first]
        if scanned.comma is None:
            array = f"{array[:stop]},{array[stop:]}"
    bracket = array.rfind("\n") + 1
    if not array[bracket:-1].strip(" \t"):
        return array[:bracket] + "".join(f"{indent}{entry},{line_end}" for entry in entries) + array[bracket:]
    # The bracket is on the line of the last entry.
    assert scanned.last
    after = (scanned.last[1] if scanned.comma is None else scanned.comma) + 1
    return array[:after] + ",".join(f"{line_end}{indent}{entry}" for entry in entries) + array[after:]


def _with_on_line(array: str, scanned: _Scanned, entries: list[str]) -> str:
    if scanned.comma is not None:
        after = scanned.comma + 1
        return array[:after] + "".join(f" {entry}," for entry in entries) + array[after:]
    if scanned.last is not None:
        after = scanned.last[1]
        return array[:after] + "".join(f", {entry}" for entry in entries) + array[after:]
    if len(entries) <= ON_ONE_LINE:
        return f"[{', '.join(entries)}]"
    return "[\n" + "".join(f"{_INDENT}{entry},\n" for entry in entries) + "]"
