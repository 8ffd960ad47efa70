"""An edit changes what it is asked to change, and nothing else, whatever happens meanwhile."""

import fcntl
import os
import resource
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rw2fa_daemon.config import edit
from rw2fa_daemon.config.domain import Value
from rw2fa_daemon.config.edit import Changes, change, edited
from rw2fa_daemon.config.load import Layers
from rw2fa_daemon.config.shipped import shipped_file
from rw2fa_daemon.core.problem import Problem

WRITTEN_BY_HAND = """\
# what this is

enabled = false   # not yet

[scope]           # who
users = [         # the people
    "alice",      # the boss
    # the others
    "bob",
]
groups = [ "staff" ]  # one line

[settings]
# many apps know only 6
digits = 6        # six
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rw2fa.toml"
    path.write_text(WRITTEN_BY_HAND)
    path.chmod(0o640)
    return path


def test_comments_and_order_stay(file: Path) -> None:
    changes: Changes = {
        "enabled": True,
        "enabled_until": 1767225600,
        "scope.users": ("alice", "carol"),
        "scope.groups": ("staff", "office"),
        "settings.digits": 8,
        "settings.issuer": "Example",
        "rdp.whitelist": ("dave",),
    }
    change(file, lambda _: changes)
    assert (
        file.read_text()
        == """\
# what this is

enabled = true   # not yet
enabled_until = 2026-01-01T00:00:00Z

[scope]           # who
users = [         # the people
    "alice",      # the boss
    # the others
    "carol",
]
groups = [ "staff", "office" ]  # one line

[settings]
# many apps know only 6
digits = 8        # six
issuer = "Example"

[rdp]
whitelist = ["dave"]
"""
    )


def test_what_is_unset_goes_and_its_neighbours_stay(file: Path) -> None:
    config = change(file, lambda _: {"settings.digits": None, "scope.users": None, "rdp.whitelist": None})
    assert config.digits == 6
    assert config.scope.users == frozenset()
    text = file.read_text()
    assert "digits =" not in text
    assert 'groups = [ "staff" ]  # one line' in text


def test_the_decision_sees_what_stands_there_now(file: Path) -> None:
    seen: list[Value | None] = []

    def decide(layers: Layers) -> Changes:
        seen.append(layers.value("scope.users"))
        return {}

    change(file, decide)
    assert seen == [("alice", "bob")]


def test_an_edit_that_changes_nothing_writes_nothing(file: Path) -> None:
    before = file.stat()
    change(file, lambda _: {"settings.digits": 6, "settings.issuer": None})
    assert file.stat().st_ino == before.st_ino


def test_owner_and_mode_stay(file: Path) -> None:
    if os.geteuid() == 0:
        os.chown(file, 0, 12)
    before = file.stat()
    change(file, lambda _: {"settings.digits": 8})
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino


def test_extended_attributes_stay(file: Path) -> None:
    try:
        os.setxattr(file, "user.label", b"value")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    change(file, lambda _: {"settings.digits": 8})
    assert os.getxattr(file, "user.label") == b"value"


def test_a_symbolic_link_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    change(link, lambda _: {"settings.digits": 8})
    assert link.is_symlink()
    assert "digits = 8 " in file.read_text()


def test_no_other_file_is_left_behind(file: Path) -> None:
    file.with_name(".rw2fa.toml.new").write_text("left by an editor that was killed")
    change(file, lambda _: {"settings.digits": 8})
    assert [entry.name for entry in file.parent.iterdir()] == ["rw2fa.toml"]


def unchanged(file: Path, changes: Changes) -> str:
    with pytest.raises(Problem) as caught:
        change(file, lambda _: changes)
    assert file.read_text() == WRITTEN_BY_HAND
    return str(caught.value)


def test_a_key_that_a_dropin_overrides_is_refused_with_its_name(file: Path) -> None:
    folder = file.with_name("rw2fa.toml.d")
    folder.mkdir(0o755)
    dropin = folder / "10-site.toml"
    dropin.write_text("settings.digits = 7\n")
    dropin.chmod(0o644)
    assert unchanged(file, {"settings.digits": 8}) == (
        f"settings.digits is set by {dropin}, which overrides {file}; change it in {dropin}, or remove it there"
    )
    assert change(file, lambda _: {"settings.discrepancy": 5}).digits == 7


def test_a_result_that_would_not_load_is_refused(file: Path) -> None:
    assert "settings.digits: cannot be 99" in unchanged(file, {"settings.digits": 99})


def test_what_the_decision_raises_ends_the_edit(file: Path) -> None:
    def refuse(_: object) -> Changes:
        raise Problem("no", "do not")

    with pytest.raises(Problem, match="no; do not"):
        change(file, refuse)
    assert file.read_text() == WRITTEN_BY_HAND


def test_promise_11_a_second_editor_waits_and_then_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit, "LOCK_SECONDS", 0.1)
    descriptor = os.open(file.parent, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert unchanged(file, {"settings.digits": 8}) == (
            f"another process is changing the files in {file.parent}; try again once it has ended"
        )
    finally:
        os.close(descriptor)
    change(file, lambda _: {"settings.digits": 8})


EDITOR = """
import sys
from pathlib import Path
from rw2fa_daemon.config.edit import change
names = sys.argv[2:]
for name in names:
    change(Path(sys.argv[1]), lambda layers: {"scope.users": (*layers.value("scope.users"), name)})
"""


def test_editors_at_once_lose_nothing(file: Path) -> None:
    names = [[f"user{editor}-{number}" for number in range(10)] for editor in range(3)]
    editors = [subprocess.Popen([sys.executable, "-c", EDITOR, file, *mine]) for mine in names]
    assert [editor.wait(60) for editor in editors] == [0, 0, 0]
    wanted = {"alice", "bob", *(name for mine in names for name in mine)}
    assert set(tomllib.loads(file.read_text())["scope"]["users"]) == wanted


def test_a_write_that_fails_half_way_leaves_the_old_file(file: Path) -> None:
    """RLIMIT_FSIZE makes write() fail in the middle, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        message = unchanged(file, {"settings.digits": 8})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert message.startswith(f"{file} could not be written and is unchanged: ")
    assert [entry.name for entry in file.parent.iterdir()] == ["rw2fa.toml"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a comment",
        "[settings]",
        "settings.digits = 6\nscope.users = ['a']",
        'settings = {digits = 6, issuer = "x"}\n[scope]\nusers = ["a"]\n',
        "[scope]\nusers = ['a']\n\n[settings]\n[exempt]\nusers=[]\n",
        "enabled = true\r\n[settings]\r\ndigits = 6\r\n",
        shipped_file(),
    ],
)
def test_every_way_of_writing_toml_is_understood(text: str, tmp_path: Path) -> None:
    changes: Changes = {"enabled": True, "settings.digits": 8, "scope.users": ("a", "b"), "services.my.app": "rdp"}
    document = tomllib.loads(edited(tmp_path, text, changes))
    assert document["enabled"] is True
    assert document["settings"]["digits"] == 8
    assert document["scope"]["users"] == ["a", "b"]
    assert document["services"]["my.app"] == "rdp"
    undone: Changes = {"enabled": None, "settings.digits": None, "scope.users": (), "services.my.app": None}
    after = tomllib.loads(edited(tmp_path, edited(tmp_path, text, changes), undone))
    assert "enabled" not in after
    assert "digits" not in after.get("settings", {})
    assert after["scope"]["users"] == []


NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8), max_size=6
)


@given(before=NAMES, after=NAMES, digits=st.integers(4, 12), issuer=st.text(max_size=20).filter(str.isprintable))
def test_any_values_arrive_and_nothing_else_changes(
    before: list[str], after: list[str], digits: int, issuer: str
) -> None:
    start = edited(Path("f"), WRITTEN_BY_HAND, {"scope.users": tuple(before)})
    values: dict[str, Value | None] = {
        "scope.users": tuple(after),
        "settings.digits": digits,
        "settings.issuer": issuer,
    }
    document: dict[str, Any] = tomllib.loads(edited(Path("f"), start, values))
    assert set(document["scope"]["users"]) == set(after)
    assert document["scope"]["groups"] == ["staff"]
    assert document["settings"] == {"digits": digits, "issuer": issuer}
    assert document["enabled"] is False
