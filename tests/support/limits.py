"""The limits that docs/limits.md names, and those that a package has."""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
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


def of_modules(modules: Iterable[ModuleType]) -> Limits:
    """Every number, or tuple of numbers, that one of the modules has a name in capitals for."""
    return {
        (module.__name__.rpartition(".")[2], name): numbers
        for module in modules
        for name in _constants(Path(str(module.__file__)))
        if (numbers := _numbers(getattr(module, name))) and not _NO_LIMITS.fullmatch(name)
    }


def of_package(package: str) -> Limits:
    """The same of all modules of a package."""
    paths = (ROOT / "rw2fa_daemon" / package).glob("*.py")
    return of_modules(importlib.import_module(f"rw2fa_daemon.{package}.{path.stem}") for path in paths)


def _constants(path: Path) -> Iterator[str]:
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                yield name


def _numbers(value: object) -> tuple[float, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(map(float, values)) if all(isinstance(each, int | float) for each in values) else ()
