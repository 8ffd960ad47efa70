"""Asking the real sshd what it would do for a user, with another drop-in than it has, or with none."""

import contextlib
import glob
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack import programs
from rw2fa_daemon.pamstack.module_files import under
from rw2fa_daemon.pamstack.sshd.dropin import DROPIN, PLACEHOLDER, Scope, planned_dropin
from rw2fa_daemon.pamstack.sshd.read import CONFIG, DEPTH_MAX, Files, included, keyword_of

_HOST: Final = Path("/")

#: All settings in force: what `sshd -T` prints, by keyword; the values of a keyword in order.
Settings = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to ask about: which user from where, and to which address and port, if that matters."""

    user: str
    address: str = "192.0.2.7"
    local_address: str = ""
    local_port: str = ""

    def __str__(self) -> str:
        """As the argument of sshd's -C."""
        more = {"laddr": self.local_address, "lport": self.local_port}
        named = "".join(f",{name}={value}" for name, value in more.items() if value)
        return f"user={self.user},host={self.address},addr={self.address}{named}"


#: What sshd would do for a connection. Raises Problem if sshd cannot say.
Ask = Callable[[Connection], Settings]


def files_of(root: Path = _HOST, *, dropin: str | None = None) -> Files:
    """The files below `root` that Include patterns name, with `dropin` as our drop-in, or without it if None."""

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
    """The drop-in for the users of `scope` on the host below `root`, derived from the rest of its configuration."""
    return planned_dropin(scope, files_of(root, dropin=PLACEHOLDER))


@contextlib.contextmanager
def sshd_with(files: Files, config: str = CONFIG) -> Iterator[Ask | None]:
    """Asks sshd about a configuration of `files`; None if it is not installed.

    The files are copied, as sshd reads a configuration from one place only, with the Include lines of the
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
                    f"sshd cannot read its configuration: {done.complaint if done else 'it is not installed'}",
                    "run `sshd -t` and correct the line that it names",
                )
            settings: dict[str, list[str]] = {}
            for line in done.output.splitlines():
                keyword, _, value = line.partition(" ")
                settings.setdefault(keyword.lower(), []).append(value)
            return {keyword: tuple(values) for keyword, values in settings.items()}

        yield ask


def refuses(files: Files) -> bool:
    """Whether sshd refuses a configuration of `files`, whoever connects; False if it is not installed."""
    with sshd_with(files) as ask:
        try:
            if ask is not None:
                ask(Connection("root"))
        except Problem:
            return True
    return False


def _copy(files: Files, pattern: str, folder: Path, made: list[int], depth: int = 0) -> list[Path]:
    """Copies of the files that a pattern names; `made` counts the copies."""
    if depth > DEPTH_MAX:
        raise Problem(
            f"{pattern} is included more than {DEPTH_MAX} levels deep",
            "nest the Include lines of sshd's configuration less deeply",
        )
    copies: list[Path] = []
    for _, text in files(pattern):
        made[0] += 1
        copy = folder / f"{made[0]:04}"
        lines: list[str] = []
        for line in text.splitlines():
            keyword, rest = keyword_of(line)
            if keyword == "include":
                inner = [path for name in included(rest) for path in _copy(files, name, folder, made, depth + 1)]
                # An Include of nothing becomes a comment, so that line numbers in sshd's messages stay right.
                lines.append("Include " + " ".join(map(str, inner)) if inner else "#")
            else:
                lines.append(line)
        copy.write_text("\n".join(lines) + "\n", "utf-8", "surrogateescape")
        copies.append(copy)
    return copies
