"""Our lines in the files of single services, and how they are added and removed. Pure except for the table."""

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from rw2fa_daemon.pamstack.module_files import OUR_MODULE
from rw2fa_daemon.pamstack.search import Slot
from rw2fa_daemon.pamstack.stack import Facility, facility_of, is_at_include
from rw2fa_daemon.pamstack.syntax import lines, physical_lines, tokens

#: Ends each line that we add, so that exactly those are removed again. pam.conf(5) ends a line at a "#".
MARK: Final = "# rw2fa: put in by `rw2fa pam install`"
#: The first line of a copy of a package's file, with the digest of what was copied.
_COPY: Final = "# rw2fa: a copy made by `rw2fa pam install`, of sha256:"
#: Where the hook looks for the daemon if its line does not say.
DEFAULT_SOCKET: Final = Path("/run/rw2fa/pam.sock")
_TABLE: Final = "pam_lines.toml"


@dataclass(frozen=True, slots=True)
class OurLine:
    """One line of ours."""

    facility: Facility
    control: str
    arguments: tuple[str, ...]
    after: str = ""
    """The module of the line that it follows; empty for a line that comes first in its facility."""

    @property
    def slot(self) -> Slot:
        """Its `slot=`."""
        named = [argument.removeprefix("slot=") for argument in self.arguments if argument.startswith("slot=")]
        return Slot(named[-1]) if named else Slot.MAIN

    @property
    def text(self) -> str:
        """As in the file, marked, without the end of line."""
        words = " ".join((OUR_MODULE, *self.arguments))
        return f"{self.facility.value:<7} {self.control} {words}  {MARK}"

    def speaking_to(self, socket: Path) -> "OurLine":
        """This line for a daemon that listens at `socket`."""
        return self if socket == DEFAULT_SOCKET else replace(self, arguments=(*self.arguments, f"socket={socket}"))


@cache
def our_lines() -> Mapping[str, tuple[OurLine, ...]]:
    """The shipped table: our lines by PAM service."""
    text = resources.files("rw2fa_daemon.data").joinpath(_TABLE).read_text("utf-8")
    return {
        service: tuple(
            OurLine(
                Facility(row["facility"]),
                str(row["control"]),
                tuple(map(str, row["arguments"])),
                str(row.get("after", "")),
            )
            for row in rows
        )
        for service, rows in tomllib.loads(text).items()
    }


def is_marked(physical: str) -> bool:
    """Whether a physical line is one that we added."""
    before, mark, _ = physical.partition(MARK)
    return bool(mark) and OUR_MODULE in before


def without(text: str) -> str:
    """The file without the lines that we added; everything else byte for byte."""
    written = physical_lines(text)
    bare = "".join(line for line in written if not is_marked(line))
    # `put_in` leaves the last line without a line feed where it found it so.
    taken = bool(written) and is_marked(written[-1]) and not written[-1].endswith("\n")
    return bare.removesuffix("\n") if taken else bare


def copy_of(text: str) -> str:
    """A copy of a package's file: the same text under a line that says so."""
    return f"{_COPY}{_digest(text)}\n{text}"


def uncopied(text: str) -> tuple[str, bool]:
    """A file without the line that makes it a copy, and whether the rest is still what was copied."""
    head, _, rest = text.partition("\n")
    if not head.startswith(_COPY):
        return text, False
    return rest, head.removeprefix(_COPY).strip() == _digest(rest)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def put_in(text: str, wanted: Sequence[OurLine], brings: Callable[[str], Iterable[Facility]]) -> str:
    """The file with our lines, each before the first line of its facility, or after the line that it follows.

    They go to the end if there is no such line, as the one to follow may be in an included file.

    Existing lines of ours keep their arguments, which an administrator may have changed, and move if they
    are in the wrong place. A line with the same slot that was written by hand is left alone and replaces ours.
    `brings` says for which facilities the file that an @include names has lines. Raises SyntaxProblem.
    """
    kept = {_place(line): line.rstrip("\n") for line in physical_lines(text) if is_marked(line)}
    bare = without(text)
    by_hand = {_place(line.text) for line in lines(bare) if OUR_MODULE in line.text}
    result = physical_lines(bare)
    open_end = bool(result) and not result[-1].endswith("\n")
    if open_end:
        result[-1] += "\n"
    # From the end, so that the places found in the file stay right.
    missing = [line for line in wanted if (line.facility, line.slot) not in by_hand]
    placed = [(_behind(bare, line) if line.after else _first_of(bare, line.facility, brings), line) for line in missing]
    for index, line in sorted(placed, key=lambda item: item[0], reverse=True):
        result.insert(index, kept.get((line.facility, line.slot), line.text) + "\n")
    return "".join(result).removesuffix("\n" if open_end else "")


def _place(text: str) -> tuple[Facility | None, Slot]:
    """Facility and slot of a line of ours, whether installed or written by hand."""
    words = tokens(text.partition("#")[0])
    slots = [word.removeprefix("slot=") for word in words if word.startswith("slot=")]
    slot = Slot(slots[-1]) if slots and slots[-1] in list(Slot) else Slot.MAIN
    return (facility_of(words[0]) if words else None), slot


def _behind(text: str, ours: OurLine) -> int:
    """Index of the physical line after the last line of the module that a line of ours follows, or of the end."""
    found = [
        line.last
        for line in lines(text)
        if (words := tokens(line.text)) and facility_of(words[0]) is ours.facility and ours.after in words
    ]
    return found[-1] if found else len(physical_lines(text))


def _first_of(text: str, facility: Facility, brings: Callable[[str], Iterable[Facility]]) -> int:
    """Index of the physical line that begins the first line of a facility, or of the end."""
    for line in lines(text):
        words = tokens(line.text)
        if is_at_include(words[0]):
            found = len(words) > 1 and facility in brings(words[1])
        else:
            found = facility_of(words[0]) is facility
        if found:
            return line.first - 1
    return len(physical_lines(text))
