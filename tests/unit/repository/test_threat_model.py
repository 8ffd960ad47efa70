"""The threat model names each promise and tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/threat-model.md").read_text()
PROMISES = range(1, 15)


def test_every_promise_has_a_row_that_names_its_tests() -> None:
    rows = dict(re.findall(r"^\| (\d+) \|(.*)\|$", TEXT, re.MULTILINE))
    assert [int(number) for number in rows] == list(PROMISES)
    for number, row in rows.items():
        names = re.findall(r"::(\w+)`", row)
        assert names
        assert all(name.startswith(f"test_promise_{number}_") for name in names), row


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text()]
    assert missing == []


def test_every_promise_has_a_test_with_its_number() -> None:
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    assert [number for number in PROMISES if f"def test_promise_{number}_" not in tests] == []
