"""The licences of what we ship with are those that the decision names."""

import importlib.metadata
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
DECISION = ROOT / "docs/decisions/0020-licences.md"

#: What a row of the decision's table stands for, as package metadata writes it.
SPELLINGS = {
    "MIT, MIT-0": re.compile(r"MIT(-0)?( License)?"),
    "BSD": re.compile(r"BSD.*|Apache-2\.0 OR BSD-3-Clause"),
    "Apache 2.0": re.compile(r"Apache.*"),
    "PSF": re.compile(r"PSF.*|Python Software Foundation License"),
    "MPL 2.0": re.compile(r"MPL-2\.0|Mozilla Public License 2\.0.*"),
    "LGPL 3.0": re.compile(r"LGPL-3\.0-only|GNU Lesser General Public License v3.*"),
}


def shipped() -> set[str]:
    """The libraries of the runtime's lock file that this Python installs."""
    locked = re.findall(
        r"^([a-z0-9-]+)(?:\[[a-z]+\])?==", (ROOT / "requirements/runtime.txt").read_text(), re.MULTILINE
    )
    installed = {distribution.name.lower().replace("_", "-") for distribution in importlib.metadata.distributions()}
    return set(locked) & installed


def listed() -> dict[str, str]:
    """The row of the decision's table that each library is in."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", DECISION.read_text(), re.MULTILINE)
    names = {}
    for row, libraries in rows:
        for library in re.sub(r"\([^)]*\)|:.*", "", libraries).split(","):
            names[library.strip()] = row
    return names


def licence_of(library: str) -> str:
    """What the library's metadata says."""
    metadata = importlib.metadata.metadata(library)
    classifiers = [c.rpartition(":: ")[2] for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    written = (metadata.get_all("License-Expression") or []) + classifiers + (metadata.get_all("License") or [])
    return written[0] if written else ""


def test_every_library_that_is_shipped_is_in_the_table_under_its_licence() -> None:
    rows = listed()
    families = {library: library.removesuffix("-binary") for library in shipped()}
    assert families, "nothing is shipped"
    assert not sorted(set(families.values()) - set(rows)), "libraries that the decision does not name"
    wrong = {
        library: licence_of(library)
        for library, family in families.items()
        if not SPELLINGS[rows[family]].fullmatch(licence_of(library))
    }
    assert not wrong
