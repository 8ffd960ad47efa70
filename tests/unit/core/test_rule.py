"""The rules that the code decides by, and those that there are."""

import re
from pathlib import Path

from rw2fa_daemon.core.rule import Rule
from rw2fa_daemon.wire.notification import EVENTS

CODE = Path(__file__).parents[3] / "rw2fa_daemon"


def test_every_rule_that_the_code_names_exists_and_none_is_left_over() -> None:
    """One that is missing would end a login, or the daemon, only once it decides."""
    named = {name for file in CODE.rglob("*.py") for name in re.findall(r"\bRule\.([A-Z_]+)", file.read_text())}
    announced = {rule.name for rule in Rule if rule in EVENTS}
    assert named | announced == set(Rule.__members__)


def test_a_name_fits_what_the_hook_accepts_and_stands_for_one_rule() -> None:
    assert all(re.fullmatch(r"[a-z0-9 -]{1,64}", rule) and rule.meaning for rule in Rule)
    assert len(Rule.__members__) == len(Rule), "two rules of one name"
