"""The parts of an sshd configuration that say who has to authenticate how (sshd_config(5)). Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.core.problem import Problem

#: What sshd reads, and what a relative Include is relative to.
CONFIG: Final = "/etc/ssh/sshd_config"
_FOLDER: Final = "/etc/ssh"
#: As deep as sshd itself follows Include.
DEPTH_MAX: Final = 16

_LINE: Final = re.compile(r'\s*"?(?P<keyword>[A-Za-z0-9]+)"?(?:\s*=\s*|\s+|$)(?P<rest>.*)')
_WORD: Final = re.compile(r'(?:"(?:\\.|[^"])*"|[^\s"])+')
_ALIASES: Final = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
}
#: The keywords that say how users may authenticate, with their defaults.
DEFAULTS: Final[Mapping[str, str]] = {
    "pubkeyauthentication": "yes",
    "gssapiauthentication": "no",
    "hostbasedauthentication": "no",
    "passwordauthentication": "yes",
    "kbdinteractiveauthentication": "yes",
    "authenticationmethods": "any",
}

#: The path and the text of each file that a pattern of Include names, in the order in which sshd reads them.
Files = Callable[[str], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a Match line: its word in lower case, and its value as in the file, quotes included."""

    word: str
    value: str

    def __str__(self) -> str:
        return f"{self.word.capitalize()} {self.value}" if self.value else self.word

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns of its list."""
        return tuple(self.value.strip('"').split(","))


@dataclass(frozen=True, slots=True)
class Part:
    """The lines under one Match, or under none (`conditional` is false), and what they set.

    All of `criteria` have to apply, including those of the Match lines around an Include; `Match all` has none. The
    first value of a keyword counts: of several parts that apply, that of the first; and any part under a Match takes
    precedence over those under none.
    """

    place: str
    conditional: bool
    criteria: tuple[Criterion, ...]
    settings: Mapping[str, str]


def keyword_of(line: str) -> tuple[str, str]:
    """The keyword of a line, in lower case and by its present name, and the rest; both empty for a comment."""
    found = _LINE.match(line)
    if found is None:
        return "", ""
    keyword = found["keyword"].lower()
    return _ALIASES.get(keyword, keyword), found["rest"].strip()


def words_of(rest: str) -> list[str]:
    """The words after a keyword, quotes included, up to a comment."""
    words: list[str] = []
    for word in _WORD.findall(rest):
        if word.startswith("#"):
            break
        words.append(word)
    return words


def included(rest: str) -> list[str]:
    """The patterns of an Include line, absolute."""
    names = [word.strip('"') for word in words_of(rest)]
    return [name if name.startswith("/") else f"{_FOLDER}/{name}" for name in names]


def read(files: Files, path: str = CONFIG) -> tuple[Part, ...]:
    """The parts of a configuration, in sshd's order. Raises Problem if its Includes are nested too deeply for sshd."""
    return tuple(part for part in _read(files, path, (), conditional=False, depth=0) if part.settings)


def _read(files: Files, pattern: str, outer: tuple[Criterion, ...], *, conditional: bool, depth: int) -> Iterator[Part]:
    if depth > DEPTH_MAX:
        raise Problem(
            f"{pattern} is included more than {DEPTH_MAX} levels deep",
            "nest the Include lines of sshd's configuration less deeply",
        )
    for path, text in files(pattern):
        # A Match in an included file ends with that file.
        part = Part(path, conditional, outer, {})
        for number, line in enumerate(text.splitlines(), 1):
            keyword, rest = keyword_of(line)
            if keyword == "include":
                yield part
                for name in included(rest):
                    yield from _read(files, name, part.criteria, conditional=part.conditional, depth=depth + 1)
                part = Part(f"{path}:{number}", part.conditional, part.criteria, {})
            elif keyword == "match":
                yield part
                part = Part(f"{path}:{number}", conditional=True, criteria=(*outer, *_criteria(rest)), settings={})
            elif keyword in DEFAULTS and keyword not in part.settings:
                value = " ".join(word.strip('"') for word in words_of(rest))
                part = Part(part.place, part.conditional, part.criteria, {**part.settings, keyword: value})
        yield part


def _criteria(rest: str) -> Iterator[Criterion]:
    words = iter(words_of(rest))
    for word in words:
        name, equals, value = word.partition("=")
        name = name.lower()
        if name in {"all", "invalid-user"}:
            if name != "all":
                yield Criterion(name, "")
            continue
        yield Criterion(name, value if equals else next(words, ""))
