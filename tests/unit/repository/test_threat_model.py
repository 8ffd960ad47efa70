"""The threat model names each promise and tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/threat-model.md").read_text()
PROMISES = range(1, 15)


def sections() -> dict[int, str]:
    """What stands under the heading of each promise, by its number."""
    parts = re.split(r"^#+ (?:(\d+)\. )?.*$", TEXT, flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True) if number}


def test_every_promise_has_a_section_that_names_its_tests() -> None:
    assert re.findall(r"^### (\d+)\. ", TEXT, re.MULTILINE) == [str(number) for number in PROMISES]
    for number, section in sections().items():
        kept_by, tests = section.split("\nTests:\n")
        assert "Kept by:\n\n- " in kept_by
        names = re.findall(r"^- `tests/[\w/]+\.py::(\w+)`$", tests, re.MULTILINE)
        assert names
        assert len(names) == len(tests.strip().splitlines())
        assert all(name.startswith(f"test_promise_{number}_") for name in names), section


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
    missing = [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text()]
    assert missing == []


def test_every_promise_has_a_test_with_its_number() -> None:
    tests = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    assert [number for number in PROMISES if f"def test_promise_{number}_" not in tests] == []
