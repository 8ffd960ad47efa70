"""Asking the real sshd what it would do for somebody, with another drop-in than it has, or with none."""

import contextlib
import glob
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack import programs
from rw2fa_daemon.pamstack.host import under
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN, PLACEHOLDER, Scope, planned_dropin
from rw2fa_daemon.pamstack.sshd.read import CONFIG, DEPTH_MAX, Files, included, keyword_of

_HOST: Final = Path("/")

#: Every setting in force: what `sshd -T` prints, by keyword; the values of one keyword in their order.
Settings = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to ask about: who from where, and to which address and port, if that matters."""

    user: str
    address: str = "192.0.2.7"
    local_address: str = ""
    local_port: str = ""

    def __str__(self) -> str:
        """As sshd takes it after -C."""
        more = {"laddr": self.local_address, "lport": self.local_port}
        named = "".join(f",{name}={value}" for name, value in more.items() if value)
        return f"user={self.user},host={self.address},addr={self.address}{named}"


#: What sshd would do for a connection. Raises Problem where it cannot say.
Ask = Callable[[Connection], Settings]


def files_of(root: Path = _HOST, *, dropin: str | None = None) -> Files:
    """The files below `root` that Include patterns name, with `dropin` for our drop-in, or without it if None."""

    def find(pattern: str) -> Sequence[tuple[str, str]]:
        place = str(under(root, pattern))
        found = {"/" + str(Path(path).relative_to(root)): Path(path) for path in glob.glob(place)}  # noqa: PTH207 - sshd's
        texts = {
            name: path.read_text("utf-8", "surrogateescape")
            for name, path in found.items()
            if path.is_file() and name != DROPIN
        }
        if dropin is not None and PurePosixPath(DROPIN).match(pattern):
            texts[DROPIN] = dropin
        return sorted(texts.items())

    return find


def wanted_dropin(scope: Scope, root: Path = _HOST) -> str:
    """The drop-in for the people of `scope` on the host below `root`, by what the rest of its configuration says."""
    return planned_dropin(scope, files_of(root, dropin=PLACEHOLDER))


@contextlib.contextmanager
def sshd_with(files: Files, config: str = CONFIG) -> Iterator[Ask | None]:
    """sshd, asked about a configuration of `files`; None where it is not installed.

    The files are copied, for sshd reads a whole configuration from one place only, with the Include lines of the
    copies leading to copies.
    """
    if programs.find("sshd") is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="rw2fa-sshd-") as folder:
        copies = _copy(files, config, Path(folder), [0])

        def ask(connection: Connection) -> Settings:
            done = programs.sshd("-T", "-f", str(copies[0]), "-C", str(connection))
            if done is None or not done.ok:
                raise Problem(
                    f"sshd cannot say what it does: {done.complaint if done else 'it is not installed'}",
                    "run `sshd -t` and mend what it names",
                )
            settings: dict[str, list[str]] = {}
            for line in done.output.splitlines():
                keyword, _, value = line.partition(" ")
                settings.setdefault(keyword.lower(), []).append(value)
            return {keyword: tuple(values) for keyword, values in settings.items()}

        yield ask


def _copy(files: Files, pattern: str, folder: Path, made: list[int], depth: int = 0) -> list[Path]:
    """Copies of the files that a pattern names; `made` counts the copies."""
    if depth > DEPTH_MAX:
        raise Problem(f"{pattern} is included more than {DEPTH_MAX} levels deep", "mend the Include lines of sshd")
    copies: list[Path] = []
    for _, text in files(pattern):
        made[0] += 1
        copy = folder / f"{made[0]:04}"
        lines: list[str] = []
        for line in text.splitlines():
            keyword, rest = keyword_of(line)
            if keyword == "include":
                inner = [path for name in included(rest) for path in _copy(files, name, folder, made, depth + 1)]
                # An Include of nothing stays one: the numbers of lines in sshd's complaints are those of the original.
                lines.append("Include " + " ".join(map(str, inner)) if inner else "#")
            else:
                lines.append(line)
        copy.write_text("\n".join(lines) + "\n", "utf-8", "surrogateescape")
        copies.append(copy)
    return copies
