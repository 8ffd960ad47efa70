"""What comes from outside does nothing to a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.cli.printing import iso, shown, table, when


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("alice", "alice"),
        ("CORP\\alice", "CORP\\alice"),
        ("Élodie Müller", "Élodie Müller"),
        ("a\nb", "a\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp", "\\u202egnp"),
        ("\udcff", "\\udcff"),
        ("\u2028", "\\u2028"),
    ],
)
def test_control_characters_are_escaped_and_names_are_not(text: str, printed: str) -> None:
    assert shown(text) == printed


@given(st.text())
def test_whatever_it_is_it_prints_on_one_line(text: str) -> None:
    assert shown(text).isprintable()


def test_a_table_escapes_its_cells_and_leaves_numbers_alone(capsys: pytest.CaptureFixture[str]) -> None:
    table(["USER", "STATE"], [["a\x1bb", "00012"], ["bob", "1e5"]])
    assert capsys.readouterr().out.splitlines() == ["USER    STATE", "a\\x1bb  00012", "bob     1e5"]


def test_moments_are_utc_for_programs_and_have_a_zone_for_people() -> None:
    assert iso(1767225600) == "2026-01-01T00:00:00Z"
    assert iso(None) is None
    assert when(1767225600)[-5] in "+-"
    assert when(None) == ""
