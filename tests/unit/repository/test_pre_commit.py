"""What runs before a commit is what `make lint` runs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def recipe_of_lint() -> str:
    """The commands of the target, as the shell gets them."""
    makefile = (ROOT / "Makefile").read_text().replace("$(VENV)", ".venv").replace("$$", "$").replace("$(MAKE)", "make")
    found = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert found is not None
    return found[1]


def test_each_hook_calls_a_tool_that_make_lint_calls() -> None:
    entries = re.findall(r"^\s+entry: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    assert entries
    recipe = recipe_of_lint()
    for entry in entries:
        tool = re.sub(r"^env |^sh -c '|'$| --force-exclude$", "", entry)
        assert tool in recipe, f"make lint does not run: {tool}"
