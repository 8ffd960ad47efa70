"""The handlers that libpam calls for a service: files read, includes and substacks resolved."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from rw2fa_daemon.pamstack.codes import ALL_BAD, Actions
from rw2fa_daemon.pamstack.syntax import Line, SyntaxProblem, control, lines, tokens

#: Where libpam looks for a service, in this order, and where Debian's libpam looks for what a file includes.
SERVICE_FOLDERS: Final = ("/etc/pam.d", "/usr/lib/pam.d")
INCLUDE_FOLDER: Final = "/etc/pam.d"
#: The service that supplies the phases for which a service has no lines.
OTHER: Final = "other"
#: Includes within includes; libpam's own limit for substacks (PAM_SUBSTACK_MAX_LEVEL).
DEPTH_MAX: Final = 16
#: Bytes read of one file; Debian's longest has 5 kB.
FILE_MAX: Final = 1 << 20

#: Takes an absolute path, returns the text or None where there is no such file.
Reader = Callable[[str], str | None]


class Facility(Enum):
    """The four kinds of lines."""

    AUTH = "auth"
    ACCOUNT = "account"
    PASSWORD = "password"  # noqa: S105  # a word of pam.conf(5), not a secret
    SESSION = "session"


class Kind(Enum):
    """What libpam does for a handler."""

    MODULE = "module"
    SUBSTACK = "substack"
    """Marks the beginning of a substack; no module is called."""
    MUST_FAIL = "must fail"
    """The line could not be read, or the file that it includes is missing."""


@dataclass(frozen=True, slots=True)
class Handler:
    """One line as libpam stores it. `path` and `line` say where it is written, for messages."""

    kind: Kind
    level: int
    actions: Actions
    module: str
    arguments: tuple[str, ...]
    path: str
    line: int

    @property
    def module_name(self) -> str:
        """The module without its folder, `pam_unix.so`."""
        return self.module.rpartition("/")[2]

    @property
    def where(self) -> str:
        """`module (file:line)`."""
        return f"{self.module_name or 'a broken line'} ({self.path}:{self.line})"


Stack = tuple[Handler, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """All stacks of a service. `path` is its file, or that of `other`; `own` are the phases for which it has lines."""

    name: str
    path: str
    stacks: dict[Facility, Stack]
    own: frozenset[Facility]
    present: bool
    """Whether the service has a file of its own."""

    def stack(self, facility: Facility) -> Stack:
        """The handlers of one phase; empty means that libpam refuses."""
        return self.stacks.get(facility, ())


def host_reader(root: Path = Path("/")) -> Reader:
    """A Reader of the files below `root`. Bytes that are not UTF-8 become lone surrogates."""

    def read(path: str) -> str | None:
        try:
            with (root / path.lstrip("/")).open("rb") as file:
                return file.read(FILE_MAX).decode("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    return read


def load(
    service: str,
    read: Reader,
    *,
    folders: tuple[str, ...] = SERVICE_FOLDERS,
    include_folder: str = INCLUDE_FOLDER,
) -> Service:
    """The stacks of `service`, as pam_start(3) would load them.

    Names are looked up in lower case, as libpam does. Raises SyntaxProblem if libpam cannot load the service; a
    missing file is not an error, `other` is used instead.
    """
    name = service.lower()
    own = _load_file(name, read, folders, include_folder)
    other = _load_file(OTHER, read, folders, include_folder)
    if own is None and other is None:
        raise SyntaxProblem(f"there is no PAM file for {name}, nor one called {OTHER}")
    mine: dict[Facility, list[Handler]] = own.stacks if own is not None else {}
    fallback: dict[Facility, list[Handler]] = other.stacks if other is not None else {}
    found = own or other
    return Service(
        name=name,
        path=found.path if found is not None else "",
        stacks={facility: tuple(mine.get(facility) or fallback.get(facility) or ()) for facility in Facility},
        own=frozenset(facility for facility in Facility if mine.get(facility)),
        present=own is not None,
    )


@dataclass(slots=True)
class _Loading:
    """A file being read with everything that it includes."""

    path: str
    read: Reader
    include_folder: str
    stacks: dict[Facility, list[Handler]] = field(default_factory=dict)

    def add(self, facility: Facility, handler: Handler) -> None:
        self.stacks.setdefault(facility, []).append(handler)


def _load_file(name: str, read: Reader, folders: tuple[str, ...], include_folder: str) -> _Loading | None:
    for folder in folders:
        path = f"{folder}/{name}"
        text = read(path)
        if text is not None:
            loading = _Loading(path, read, include_folder)
            _parse(loading, path, text, wanted=None, level=0, depth=0)
            return loading
    return None


def facility_of(word: str) -> Facility | None:
    """The facility that the first word of a line names, with or without the dash that silences a missing module."""
    bare = word.removeprefix("-").lower()
    return next((facility for facility in Facility if facility.value == bare), None)


def is_at_include(word: str) -> bool:
    """Whether the first word of a line is Debian's @include, which includes lines of every facility."""
    return word.removeprefix("-").lower() == "@include"


def _parse(loading: _Loading, path: str, text: str, *, wanted: Facility | None, level: int, depth: int) -> None:
    """Add the handlers of one file, those of `wanted` only, or all."""
    try:
        read = list(lines(text))
    except SyntaxProblem as problem:
        raise SyntaxProblem(f"{path}: {problem}") from problem
    for line in read:
        _parse_line(loading, path, line, wanted=wanted, level=level, depth=depth)


def _parse_line(loading: _Loading, path: str, line: Line, *, wanted: Facility | None, level: int, depth: int) -> None:
    words = tokens(line.text)
    if is_at_include(words[0]):
        _parse_at_include(loading, path, line, wanted=wanted, level=level, depth=depth)
        return
    named = facility_of(words[0])
    facility = named or wanted or Facility.AUTH
    if wanted is not None and facility is not wanted:
        return
    includes = len(words) > 1 and words[1].lower() in ("include", "substack")
    if includes and len(words) == 2:
        # Debian's libpam reads through a null pointer here.
        raise SyntaxProblem(f"{path}:{line.first}: {words[1]} names no file")
    if len(words) < 3:
        loading.add(facility, _broken(path, line, level))
    elif includes:
        deeper = words[1].lower() == "substack"
        if deeper:
            loading.add(facility, Handler(Kind.SUBSTACK, level, ALL_BAD, words[2], (), path, line.first))
        if not _include(loading, words[2], wanted=facility, level=level + deeper, depth=depth):
            loading.add(facility, _broken(path, line, level))
    else:
        kind = Kind.MODULE if named is not None else Kind.MUST_FAIL
        loading.add(facility, Handler(kind, level, control(words[1]), words[2], tuple(words[3:]), path, line.first))


def _parse_at_include(
    loading: _Loading, path: str, line: Line, *, wanted: Facility | None, level: int, depth: int
) -> None:
    words = tokens(line.text)
    if len(words) < 2:
        raise SyntaxProblem(f"{path}:{line.first}: @include names no file")
    if _include(loading, words[1], wanted=wanted, level=level, depth=depth):
        return
    if wanted is None:
        # libpam has no facility to add a failing line to, and gives up.
        raise SyntaxProblem(f"{path}:{line.first}: @include {words[1]}: that file is missing or includes go too deep")
    loading.add(wanted, _broken(path, line, level))


def _broken(path: str, line: Line, level: int) -> Handler:
    words = tokens(line.text)
    actions = control(words[1]) if len(words) == 2 else ALL_BAD
    return Handler(Kind.MUST_FAIL, level, actions, "", (), path, line.first)


def _include(loading: _Loading, target: str, *, wanted: Facility | None, level: int, depth: int) -> bool:
    """Whether the file could be read; its handlers are added then."""
    if depth + 1 >= DEPTH_MAX:
        return False
    path = target if target.startswith("/") else f"{loading.include_folder}/{target}"
    text = loading.read(path)
    if text is None:
        return False
    _parse(loading, path, text, wanted=wanted, level=level, depth=depth + 1)
    return True
