"""Which files of unit tests are a module's: the one named after it, and those of its package that import it."""

from __future__ import annotations

import ast
from pathlib import Path


def files_of_tests(root: Path, module: str) -> list[str]:
    """The files of tests for the module at that path, the one named after it first; all relative to the root."""
    path = Path(module)
    folder = root / "tests" / "unit" / path.parts[1]
    own = folder.joinpath(*path.parts[2:-1], f"test_{path.stem}.py")
    dotted = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    helpers = {
        ".".join(file.relative_to(root).with_suffix("").parts)
        for file in folder.rglob("*.py")
        if not file.name.startswith("test_") and dotted in imported(file)
    }
    importing = [
        file
        for file in sorted(folder.rglob("test_*.py"))
        if file != own and not imported(file).isdisjoint({dotted, *helpers})
    ]
    found = [*([own] if own.exists() else []), *importing]
    # A module that no test names is reached through others: then all of the package's may notice.
    return [str(file.relative_to(root)) for file in found or sorted(folder.rglob("test_*.py"))]


def imported(file: Path) -> set[str]:
    """The dotted names that a file imports; with `from a import b` both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{name.name}" for name in node.names)})
    return found
