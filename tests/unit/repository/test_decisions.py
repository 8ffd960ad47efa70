"""Each decision says when it was made and whether it is in force, and the index agrees."""

import re
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "docs/decisions"
HEAD = re.compile(r"# (\d+)\. (.+)\n\n(\d{4}-\d\d-\d\d), (in force|superseded by (\d+))\n\n")


def test_each_has_a_date_and_a_status_and_stands_in_the_index() -> None:
    numbers: list[int] = []
    successors: set[int] = set()
    rows: list[str] = []
    for file in sorted(FOLDER.glob("[0-9]*.md")):
        head = HEAD.match(file.read_text())
        assert head is not None, file.name
        number, title, made, status, successor = head.groups()
        assert file.name.startswith(f"{int(number):04}-")
        date.fromisoformat(made)
        numbers.append(int(number))
        successors |= {int(successor)} if successor else set()
        rows.append(f"| {number} | [{title}]({file.name}) | {made} | {status} |")
    assert len(set(numbers)) == len(numbers)
    assert successors <= set(numbers)
    assert re.findall(r"^\| \d.*$", (FOLDER / "README.md").read_text(), re.MULTILINE) == rows
