"""Findings about PAM services that an administrator accepted, by name and with a reason.

They are kept in a file of their own, since PAM files belong to the host, and a configuration may be the same on
several hosts. An acceptance counts for the files that the service consisted of at that time, and for no others.
"""

import hashlib
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Final

import tomlkit

from rw2fa_daemon.config import trusted
from rw2fa_daemon.core.problem import Problem
from rw2fa_daemon.pamstack.module_files import under
from rw2fa_daemon.pamstack.stack import host_reader, load
from rw2fa_daemon.pamstack.syntax import SyntaxProblem
from rw2fa_daemon.pamstack.transaction import delete, replace

PATH: Final = "/etc/rw2fa/accepted.toml"
_KEY: Final = "accepted"
_HEAD: Final = "# Written by `rw2fa pam accept` and `rw2fa pam retract`.\n\n"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One accepted finding of one service. `at` is UTC seconds, `by` the administrator, `digest` that of the files."""

    service: str
    finding: str
    reason: str
    by: str
    at: int
    digest: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """All acceptances of a host, one for each finding of a service."""

    acceptances: tuple[Acceptance, ...] = field(default=())

    def of(self, service: str, finding: str) -> Acceptance | None:
        """The acceptance of a finding, whether or not it still counts."""
        return next((one for one in self.acceptances if (one.service, one.finding) == (service, finding)), None)

    def counts(self, root: Path, service: str, finding: str) -> bool:
        """Whether a finding is accepted for the files as they are below `root`."""
        found = self.of(service, finding)
        return found is not None and found.digest == digest_of(root, service)

    def having(self, acceptance: Acceptance) -> "Accepted":
        """With one more, replacing any for the same finding."""
        return Accepted((*self.lacking(acceptance.service, acceptance.finding).acceptances, acceptance))

    def lacking(self, service: str, finding: str) -> "Accepted":
        """Without the acceptance of a finding."""
        return Accepted(tuple(one for one in self.acceptances if (one.service, one.finding) != (service, finding)))


def digest_of(root: Path, service: str) -> str:
    """A digest of the files that a service consists of, with their paths; empty if libpam cannot load it."""
    contents: dict[str, str] = {}
    read = host_reader(root)

    def noting(path: str) -> str | None:
        text = read(path)
        if text is not None:
            contents[path] = text
        return text

    try:
        load(service, noting)
    except SyntaxProblem:
        return ""
    total = hashlib.sha256()
    for path, text in sorted(contents.items()):
        content = text.encode("utf-8", "surrogateescape")
        total.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
    return total.hexdigest()


def read(root: Path) -> Accepted:
    """What is accepted on the host below `root`. Raises Problem."""
    path = under(root, PATH)
    if not path.exists():
        return Accepted()
    try:
        return Accepted(tuple(map(_acceptance, tomllib.loads(trusted.read(path).decode())[_KEY])))
    except (ValueError, KeyError, TypeError):
        raise Problem(
            f"{path} is not as rw2fa wrote it", f"run `rm {path}`, then `rw2fa pam accept` for each finding to accept"
        ) from None


def _acceptance(row: dict[str, object]) -> Acceptance:
    at, texts = row["at"], [row[part.name] for part in fields(Acceptance) if part.name != "at"]
    if not isinstance(at, int) or not all(isinstance(text, str) for text in texts):
        raise TypeError(row)
    service, finding, reason, by, digest = map(str, texts)
    return Acceptance(service, finding, reason, by, at, digest)


def write(root: Path, accepted: Accepted) -> None:
    """Store what is accepted on the host below `root`, durably; no acceptances means no file. Raises OSError."""
    path = under(root, PATH)
    if accepted.acceptances:
        rows = [asdict(one) for one in accepted.acceptances]
        replace(path, (_HEAD + tomlkit.dumps({_KEY: rows})).encode())
    elif path.exists():
        delete(path)
