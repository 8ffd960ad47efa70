"""The guide lists the rules, and nothing else names one."""

import ast
import re
from pathlib import Path

from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.wire import notification

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs/administrators-guide.md"


def test_the_guide_lists_every_rule_with_its_meaning() -> None:
    table = "\n".join(["| rule | meaning |", "|---|---|", *(f"| `{rule}` | {rule.meaning} |" for rule in Rule)])
    printed = re.search(r"^\| rule \| meaning \|\n(?:\|.*\n)+", GUIDE.read_text(), re.MULTILINE)
    assert printed is not None
    assert printed[0].strip() == table


def test_no_rule_is_written_out_where_the_enumeration_is_meant() -> None:
    rules = {rule.value for rule in Rule}
    written = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for file in (ROOT / "rw2fa_daemon").rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "rule" and isinstance(keyword.value, ast.Constant | ast.JoinedStr)
    ]
    assert written == []
    assert rules >= notification.EVENTS


def test_each_meaning_is_one_sentence_of_its_own() -> None:
    meanings = [rule.meaning for rule in Rule]
    assert len(set(meanings)) == len(meanings)
    assert all(re.fullmatch(r"[A-Z`].*\.", meaning) for meaning in meanings)
