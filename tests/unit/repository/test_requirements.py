"""Dependencies are pinned with hashes, and nothing is imported that they do not bring."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
REQUIREMENTS = REPOSITORY / "requirements"
LOCKS = ("build", "runtime", "dev")


def asked_for(name: str) -> set[str]:
    """The packages that a list asks for."""
    lines = (REQUIREMENTS / f"{name}.in").read_text().splitlines()
    words = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith(("#", "-")))
    return {word[0].lower() for word in words if word}


def locked(name: str) -> dict[str, list[str]]:
    """The packages that a lock pins, `name==version`, each with its hashes."""
    joined = (REQUIREMENTS / f"{name}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line.split()[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})", line) for line in lines}


@pytest.mark.parametrize("name", LOCKS)
def test_every_pinned_package_has_hashes(name: str) -> None:
    pins = locked(name)
    assert pins
    assert [pin for pin, hashes in pins.items() if "==" not in pin or not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_everything_that_is_asked_for_is_pinned(name: str) -> None:
    assert asked_for(name) - {pin.split("==")[0] for pin in locked(name)} == set()


@pytest.mark.parametrize("name", LOCKS)
def test_where_packages_come_from_is_the_machines_business(name: str) -> None:
    for path in (REQUIREMENTS / f"{name}.in", REQUIREMENTS / f"{name}.txt"):
        assert not re.search(r"index-url|find-links|trusted-host|://", path.read_text()), path


def test_one_version_of_each_package_over_all_lists() -> None:
    versions: dict[str, set[str]] = {}
    for name in LOCKS:
        for pin in locked(name):
            package, version = pin.split("==")
            versions.setdefault(package, set()).add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_the_product_imports_nothing_but_what_it_asks_for() -> None:
    imported: set[str] = set()
    for path in (REPOSITORY / "rw2fa_daemon").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    assert imported - sys.stdlib_module_names - {"rw2fa_daemon"} <= asked_for("runtime")


def test_what_npm_brings_for_a_test_is_pinned_with_hashes_and_names_no_registry() -> None:
    asked = json.loads((REQUIREMENTS / "prism" / "package.json").read_text())["dependencies"]
    lock = json.loads((REQUIREMENTS / "prism" / "package-lock.json").read_text())["packages"]
    assert lock[""]["dependencies"] == asked
    brought = {name: package for name, package in lock.items() if name}
    assert [name for name, package in brought.items() if not package["integrity"].startswith("sha512-")] == []
    assert [name for name, package in brought.items() if "resolved" in package] == []
