"""Lines, words and control fields of pam.conf(5)."""

from __future__ import annotations

import pytest

from rw2fa_daemon.pamstack.codes import ALL_BAD, CONTROL_WORDS, Action, Code
from rw2fa_daemon.pamstack.syntax import Line, SyntaxProblem, control, lines, tokens


def test_comments_and_blank_lines_are_no_lines() -> None:
    assert list(lines("# one\n\n   \t\n  # two\nauth required x.so # three\n")) == [Line("auth required x.so ", 5, 5)]


def test_a_continued_line_knows_where_it_was_written() -> None:
    assert list(lines("\nauth \\\n  required \\\n x.so\naccount required y.so")) == [
        Line("auth  required  x.so", 2, 4),
        Line("account required y.so", 5, 5),
    ]


def test_a_comment_ends_a_line_even_before_a_backslash() -> None:
    assert [line.text for line in lines("auth required x.so # \\\naccount required y.so\n")] == [
        "auth required x.so ",
        "account required y.so",
    ]


@pytest.mark.parametrize("between", ["\n", "# why\n", "  \n"])
def test_a_continuation_that_versions_of_libpam_read_differently_is_refused(between: str) -> None:
    with pytest.raises(SyntaxProblem, match="line 1 is continued by a blank line or a comment"):
        list(lines(f"auth required \\\n{between}x.so\n"))


def test_a_backslash_with_nothing_behind_it_breaks_the_file() -> None:
    with pytest.raises(SyntaxProblem, match="line 2 ends with a backslash"):
        list(lines("auth required x.so\nauth required y.so \\\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("auth required x.so a b", ["auth", "required", "x.so", "a", "b"]),
        ("auth [success=1 default=ignore]x.so", ["auth", "success=1 default=ignore", "x.so"]),
        ("a [..[..\\]..] b", ["a", "..[..]..", "b"]),
        ("a [never closed", ["a", "never closed"]),
        ("a b[c d]", ["a", "b[c", "d]"]),
        ("", []),
    ],
)
def test_brackets_hold_a_word_together(text: str, words: list[str]) -> None:
    assert tokens(text) == words


def test_control_words_are_read_in_any_case() -> None:
    assert control("ReQuired") == CONTROL_WORDS["required"]


def test_what_a_control_field_does_not_mention_is_failure() -> None:
    actions = control("success=2 ignore = ignore")
    assert actions[Code.SUCCESS] == 2
    assert actions[Code.IGNORE] == Action.IGNORE
    assert actions[Code.AUTH_ERR] == Action.BAD


def test_default_fills_what_was_not_named_before_it() -> None:
    actions = control("success=done default=die auth_err=ignore")
    assert (actions[Code.SUCCESS], actions[Code.AUTH_ERR], actions[Code.ABORT]) == (
        Action.DONE,
        Action.IGNORE,
        Action.DIE,
    )


@pytest.mark.parametrize("word", ["nonsense", "success", "success=", "success=0", "success=fine", "frobnicate=ok"])
def test_a_control_field_that_cannot_be_read_fails_everybody(word: str) -> None:
    assert control(word) == ALL_BAD
