"""The syntax of pam.conf(5): lines, tokens, control fields. Pure; follows libpam down to its oddities."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rw2fa_daemon.pamstack.codes import ALL_BAD, CONTROL_WORDS, Action, Actions, Code

_BLANKS: Final = " \t\n"
# The characters of isspace(3) in the C locale, between the parts of a control field.
_SPACES: Final = " \t\n\v\f\r"
_DEFAULT: Final = "default"
# Names in the order in which libpam tries them: the first with which the text begins is taken.
_CODE_NAMES: Final = (*(code.word for code in Code), _DEFAULT)
_ACTION_NAMES: Final = tuple((action.name.lower(), int(action)) for action in Action)
_JUMP: Final = re.compile(r"[0-9]+")
_JUMP_MAX: Final = 2**31 - 1


#: Only a line feed ends a line, unlike in str.splitlines.
_PHYSICAL: Final = re.compile(r"[^\n]*\n|[^\n]+")


class SyntaxProblem(ValueError):
    """A file that libpam cannot load, and with it the whole service."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of configuration, with continuations joined and comments removed.

    `first` and `last` are the physical lines it was written on, counted from 1.
    """

    text: str
    first: int
    last: int


def physical_lines(text: str) -> list[str]:
    """The lines of a file as written, each with its line feed; only the last may lack one."""
    return _PHYSICAL.findall(text)


def lines(text: str) -> Iterator[Line]:
    """The lines of a file that are not blank.

    A comment ends a line even if it ends in a backslash. Raises SyntaxProblem if a backslash is followed by no line,
    or by a blank or a comment: Linux-PAM 1.5 skips those, 1.7 ends the line there.
    """
    parts: list[str] = []
    first = last = 0
    for number, physical in enumerate(text.split("\n"), start=1):
        chunk = physical.lstrip(_BLANKS)
        if not chunk or chunk.startswith("#"):
            if parts and number <= text.count("\n"):
                raise SyntaxProblem(f"line {last} is continued by a blank line or a comment")
            continue
        if not parts:
            first = number
        last = number
        body, comment, _ = chunk.partition("#")
        ended = body.rstrip(_BLANKS)
        if not comment and ended.endswith("\\"):
            parts.append(ended[:-1] + " ")
            continue
        parts.append(body)
        joined = "".join(parts)
        parts = []
        if joined.strip(_BLANKS):
            yield Line(joined, first, number)
    if parts:
        raise SyntaxProblem(f"line {last} ends with a backslash and nothing follows")


def tokens(text: str) -> list[str]:
    r"""The words of a line; `[…]` is one word without its brackets, in which `\]` stands for `]`."""
    words = []
    rest = text.lstrip(_BLANKS)
    while rest:
        if rest.startswith("["):
            word, end = _bracketed(rest)
        else:
            end = next((index for index, character in enumerate(rest) if character in _BLANKS), len(rest))
            word = rest[:end]
        words.append(word)
        rest = rest[end:].lstrip(_BLANKS)
    return words


def _bracketed(text: str) -> tuple[str, int]:
    """The word in the brackets at the start of `text`, and the index after them."""
    word: list[str] = []
    index = 1
    while index < len(text) and text[index] != "]":
        if text.startswith("\\]", index):
            index += 1
        word.append(text[index])
        index += 1
    return "".join(word), min(index + 1, len(text))


def control(word: str) -> Actions:
    """The action for each return code that a control field stands for.

    A field that libpam cannot read is a failure for every code; a code that is not mentioned is a failure.
    """
    known = CONTROL_WORDS.get(word.lower())
    if known is not None:
        return known
    table: dict[Code, int] = {}
    rest = word.lstrip(_SPACES)
    while rest:
        name = next((name for name in _CODE_NAMES if rest.startswith(name)), None)
        if name is None:
            return ALL_BAD
        rest = rest[len(name) :].lstrip(_SPACES)
        if not rest.startswith("="):
            return ALL_BAD
        rest = rest[1:].lstrip(_SPACES)
        action, rest = _action(rest)
        if action is None:
            return ALL_BAD
        if name == _DEFAULT:
            table.update({code: action for code in Code if code not in table})
        else:
            table[Code[name.upper()]] = action
        rest = rest.lstrip(_SPACES)
    return tuple(table.get(code, int(Action.BAD)) for code in Code)


def _action(text: str) -> tuple[int | None, str]:
    """The action at the start of `text`, None if there is none, and the rest."""
    for name, action in _ACTION_NAMES:
        if text.startswith(name):
            return action, text[len(name) :]
    digits = _JUMP.match(text)
    if digits is None or not 0 < int(digits.group()) <= _JUMP_MAX:
        return None, text
    return int(digits.group()), text[digits.end() :]
