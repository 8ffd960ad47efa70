"""Which lines of the code are new: since the branch left origin/main, or else since the commit before."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

_FILE: Final = re.compile(r"^\+\+\+ b/(.*)$")
_HUNK: Final = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def base_of(root: Path) -> str | None:
    """The commit to compare with; None where there is but one."""
    head = _git(root, "rev-parse", "HEAD")
    left = _git(root, "merge-base", "HEAD", "origin/main")
    if left is not None and left != head:
        return left
    return _git(root, "rev-parse", "--verify", "--quiet", "HEAD~1")


def changed_lines(root: Path, base: str) -> dict[str, set[int]]:
    """The lines of each file that are new or were rewritten since `base`, what is not committed included."""
    return lines_of(_git(root, "diff", "--unified=0", "--no-color", "--no-ext-diff", base, "--", "rw2fa_daemon") or "")


def lines_of(diff: str) -> dict[str, set[int]]:
    """The lines that a diff without context adds, by file."""
    found: dict[str, set[int]] = defaultdict(set)
    file = ""
    for line in diff.splitlines():
        if name := _FILE.match(line):
            file = name[1]
        elif hunk := _HUNK.match(line):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            if count:
                found[file].update(range(first, first + count))
    return dict(found)


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, None where it fails."""
    try:
        told = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return told.stdout.strip() if told.returncode == 0 else None
