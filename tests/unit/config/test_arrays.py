"""Lists of names that are read and changed in the text mean what TOML says, and nothing else in the text moves."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.config import arrays
from rw2fa_daemon.config.edit import edited
from rw2fa_daemon.config.load import settings_in
from rw2fa_daemon.core.problem import Problem

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\r"), max_size=6)
NAMES = st.sampled_from(["alice", "bob", "carol", "d#e", 'f"g', "h,i", "j\\k", "l]m", "ñ", "@staff", "it's"])
BLANKS = st.sampled_from(["", " ", "\n", "\n    ", '  # a, "remark"]\n', "\n# it's = [\n  ", "\t"])


def written(name: str, *, literal: bool) -> str:
    """A name as somebody may write it."""
    return f"'{name}'" if literal and "'" not in name else arrays.quoted(name)


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A list as TOML, and what is in it."""
    names = draw(st.lists(NAMES, max_size=6, unique=True))
    text = "[" + draw(BLANKS)
    for number, name in enumerate(names):
        comma = number < len(names) - 1 or draw(st.booleans())
        text += written(name, literal=draw(st.booleans())) + draw(BLANKS) + "," * comma + draw(BLANKS)
    text += "]"
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text, names


def loaded(text: str) -> dict[str, Any]:
    """What tomllib makes of what is left and of what was cut out."""
    rest, taken = arrays.cut(text)
    document = tomllib.loads(rest)
    arrays.put_back(document, taken)
    return document


@given(lists(), lists())
def test_what_is_cut_out_means_the_same(first: tuple[str, list[str]], second: tuple[str, list[str]]) -> None:
    text = f"[scope]\nusers = {first[0]} # who\n groups= {second[0]}\n[[portal.applications]]\n  groups = {first[0]}\n"
    assert loaded(text) == tomllib.loads(text)
    assert len(arrays.cut(text)[1]) == 3


PIECES = st.sampled_from(["[", "]", '"', ",", " ", "\n", "\r\n", "\r", "a", "ñ", "\u00a0", "#", "'", "\\", "\t", "x"])


@given(lists() | st.tuples(st.lists(PIECES, max_size=9).map(lambda pieces: "[" + "".join(pieces)), st.just([])))
def test_the_fast_way_finds_the_same_list(case: tuple[str, list[str]]) -> None:
    text = case[0]
    found = arrays._scan_plain(text, 0)
    assert found is None or found == arrays._scan_any(text, 0)


@pytest.mark.parametrize("text", ["[]", '["a"]', '[\n    "alice",\n    "ñ",\n]', '["a",\r\n"b"\r\n,]'])
def test_plain_lists_are_found_the_fast_way(text: str) -> None:
    found = arrays._scan_plain(text, 0)
    assert found is not None
    assert found == arrays._scan_any(text, 0)


@given(TEXTS)
def test_a_text_in_quotes_is_that_text(text: str) -> None:
    assert tomllib.loads(f"x = {arrays.quoted(text)}") == {"x": text}


@pytest.mark.parametrize(
    "text",
    [
        'issuer = """\nusers = ["alice"]\n"""\n',
        "issuer = '''\nusers = ['alice']\n'''\n",
        'users = ["alice", """bob"""]\n',
        'users = ["alice", 3]\n',
        'users = ["alice", ["bob"]]\n',
        'scope = {users = ["alice"]}\n',
        'users = ["list-0-"]\nother = ["list-1-"]\n',
        "users = []\n",
    ],
)
def test_what_looks_alike_means_what_toml_says(text: str) -> None:
    assert loaded(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "users = [\n",
        'users = ["alice"\n',
        'users = ["alice" "bob"]\n',
        'users = ["alice",, "bob"]\n',
        'users = ["\\q"]\n',
        'users = ["a\tb", "c\x01"]\n',
        'users = ["alice"] groups = []\n',
        'x = [\nusers = ["alice"]\n]\n',
        'users = ["alice"]\nusers = ["alice"]\n',
    ],
)
def test_what_is_no_toml_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        loaded(text)
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)


def test_a_mistake_behind_a_long_list_is_named_by_its_line(tmp_path: Path) -> None:
    lines = "".join(f'    "user{number}",\n' for number in range(1000))
    with pytest.raises(Problem, match="line 1004, column 1: "):
        settings_in(tmp_path / "f", f"[scope]\nusers = [\n{lines}]\n=\n".encode())


@given(lists(), st.lists(NAMES, max_size=4, unique=True), st.data())
def test_a_changed_list_has_the_entries_and_keeps_the_rest(
    before: tuple[str, list[str]], new: list[str], data: st.DataObject
) -> None:
    text, names = before
    kept = [name for name in names if data.draw(st.booleans())]
    wanted = list(dict.fromkeys(kept + new))
    expected = [name for name in names if name in wanted] + [name for name in new if name not in names]
    head, tail = "# list\nenabled = true\n[scope] # who\nusers = ", "  # and no more\ngroups = ['x']\n"
    after = edited(Path("f"), head + text + tail, {"scope.users": tuple(wanted)})
    assert tomllib.loads(after)["scope"] == {"users": expected, "groups": ["x"]}
    assert after.startswith(head)
    assert after.endswith(tail)
    assert arrays.texts_in(arrays.amended(text, wanted)) == expected


@given(lists(), st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_who_is_added_moves_nothing_else(before: tuple[str, list[str]], new: list[str]) -> None:
    text, names = before
    after = arrays.amended(text, names + new)
    position = 0
    for character in "".join(text.split()):
        position = after.index(character, position) + 1
    comments = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    assert comments == [line.strip() for line in after.splitlines() if line.strip().startswith("#")]


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("[]", ["a"], '["a"]'),
        ('["a", "b", "c"]', ["a", "c"], '["a", "c"]'),
        ('[ "a", "b" ]', ["a"], '[ "a" ]'),
        ('["a"]', ["b"], '["b"]'),
        ('[\n  "a", # one\n  "b"\n]', ["b", "c"], '[\n  "b",\n  "c",\n]'),
        ('[\r\n\t"a"\r\n]', ["a", "c"], '[\r\n\t"a",\r\n\t"c",\r\n]'),
        ('["a",\n "b"]', ["a", "b", "c"], '["a",\n "b",\n "c"]'),
        ("[\n  # nobody\n]", ["a"], '[\n  # nobody\n    "a",\n]'),
        ("[]", list("abcdefghi"), "[\n" + "".join(f'    "{name}",\n' for name in "abcdefghi") + "]"),
    ],
)
def test_the_style_of_a_list_is_kept(before: str, wanted: list[str], after: str) -> None:
    assert arrays.amended(before, wanted) == after


def test_promise_11_no_parser_of_all_toml_gets_a_long_list(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    parse_with_tomlkit, parse_with_tomllib = tomlkit.parse, tomllib.loads

    def spy_tomlkit(text: str) -> tomlkit.TOMLDocument:
        seen.append(len(text))
        return parse_with_tomlkit(text)

    def spy_tomllib(text: str) -> dict[str, Any]:
        seen.append(len(text))
        return parse_with_tomllib(text)

    lines = "".join(f'    "user{number}",\n' for number in range(20_000))
    text = f"enabled = true\n[scope]\nusers = [\n    # all\n{lines}]\n"
    monkeypatch.setattr(tomlkit, "parse", spy_tomlkit)
    monkeypatch.setattr(tomllib, "loads", spy_tomllib)
    names = settings_in(Path("f"), text.encode())["scope.users"]
    assert isinstance(names, tuple)
    after = edited(Path("f"), text, {"scope.users": (*names[1:], "new")})
    assert settings_in(Path("f"), after.encode())["scope.users"] == (*names[1:], "new")
    assert max(seen) < 200
    assert after == text.replace('    "user0",\n', "").replace('99",\n]', '99",\n    "new",\n]')
