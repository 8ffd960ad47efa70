"""The limits that docs/limits.md names, and those that a package has."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_ROW: Final = re.compile(r"\| `(?P<package>\w+)/(?P<module>\w+)` \| `(?P<name>\w+)` \| (?P<value>[\d., ]+) \| [^|]+ \|")
_NO_LIMITS: Final = re.compile(r"\w*_UID|\w*_MODE|\w*_FLAGS|FIRST_PASSED_FD|BUCKETS|MICROSECONDS")
"""Numbers that bound nothing."""

Limits = dict[tuple[str, str], tuple[float, ...]]
"""By module and name."""


def documented(package: str) -> Limits:
    """What the page says about the modules of a package."""
    rows = map(_ROW.fullmatch, (ROOT / "docs" / "limits.md").read_text().splitlines())
    return {
        (row["module"], row["name"]): tuple(float(value.replace(",", "")) for value in row["value"].split(", "))
        for row in rows
        if row is not None and row["package"] == package
    }


def of_package(package: str) -> Limits:
    """Every number, or tuple of numbers, that a module of the package has a name in capitals for."""
    folder = ROOT / "rw2fa_daemon" / package
    return {
        (path.stem, name): numbers
        for path in folder.glob("*.py")
        for name, value in _constants(path, f"rw2fa_daemon.{package}.{path.stem}")
        if (numbers := _numbers(value)) and not _NO_LIMITS.fullmatch(name)
    }


def _constants(path: Path, module: str) -> Iterator[tuple[str, object]]:
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                yield name, getattr(importlib.import_module(module), name)


def _numbers(value: object) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(map(float, values)) if all(isinstance(each, int | float) for each in values) else ()
