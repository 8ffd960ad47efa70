"""script/mutate in parts, and whole on a small tree of its own."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.mutation.changed import base_of, changed_lines, lines_of
from tests.mutation.files_of_tests import files_of_tests
from tests.mutation.mutants import mutants
from tests.mutation.runner import CannotStartError, Outcome, Runner

MODULE = "rw2fa_daemon/core/small.py"
SOURCE = """\
LIMIT = 3
UNTESTED = 1

def below(number):
    return number < LIMIT

def count(number):
    while number > 0:
        number -= 1
    return number
"""
TEST = """\
import pytest
from rw2fa_daemon.core.small import below, count

def test_the_limit_is_not_below_itself():
    assert below(2)
    assert not below(3)

def test_counting_ends_at_nothing():
    assert count(2) == 0

@pytest.mark.slow
def test_what_is_slow_is_left_out():
    raise AssertionError
"""
CONFTEST = """\
from hypothesis import settings
settings.register_profile("unshrunk")
"""
SETTINGS = '[tool.pytest]\nmarkers = ["slow: left out"]\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for path, text in (
        (MODULE, SOURCE),
        ("rw2fa_daemon/__init__.py", ""),
        ("rw2fa_daemon/core/__init__.py", ""),
        ("tests/unit/core/test_small.py", TEST),
        ("tests/conftest.py", CONFTEST),
        ("pyproject.toml", SETTINGS),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=one")


def test_what_no_test_notices_survives_and_what_hangs_is_noticed(tree: Path, tmp_path: Path) -> None:
    runner = Runner(tree, tmp_path / "scratch", jobs=2)
    files = {MODULE: files_of_tests(tree, MODULE)}
    until = time.monotonic() + 100
    measured = runner.measure(files[MODULE], until)
    assert (len(measured.cpu), measured.failed) == (2, [])
    found = {
        mutant.name.partition(": ")[2]: outcome
        for mutant, outcome in runner.run(list(mutants(MODULE, SOURCE)), files, measured, until)
    }
    assert found["number < LIMIT -> number <= LIMIT"] is Outcome.KILLED
    assert found["3 -> 4"] is Outcome.KILLED
    assert found["number -= 1 -> pass"] is Outcome.KILLED, "it never ends"
    assert {change for change, outcome in found.items() if outcome is Outcome.SURVIVED} == {
        "UNTESTED = 1 -> pass",
        "1 -> 2",
    }
    assert (tree / MODULE).read_text() == SOURCE


def test_a_test_that_fails_anyway_notices_nothing(tree: Path, tmp_path: Path) -> None:
    (tree / "tests/unit/core/test_small.py").write_text(TEST.replace("assert below(2)", "assert below(4)"))
    runner = Runner(tree, tmp_path / "scratch", jobs=1)
    measured = runner.measure(files_of_tests(tree, MODULE), time.monotonic() + 100)
    assert measured.failed == ["tests/unit/core/test_small.py::test_the_limit_is_not_below_itself"]
    assert list(measured.cpu) == ["tests/unit/core/test_small.py::test_counting_ends_at_nothing"]


def test_when_the_time_is_over_nothing_is_begun(tree: Path, tmp_path: Path) -> None:
    runner = Runner(tree, tmp_path / "scratch", jobs=1)
    files = {MODULE: files_of_tests(tree, MODULE)}
    with pytest.raises(CannotStartError, match="do not end in the time given"):
        runner.measure(files[MODULE], time.monotonic())
    measured = runner.measure(files[MODULE], time.monotonic() + 100)
    outcomes = {outcome for _, outcome in runner.run(list(mutants(MODULE, SOURCE)), files, measured, time.monotonic())}
    assert outcomes == {Outcome.NOT_RUN}


def test_annotations_and_docstrings_are_left_alone() -> None:
    names = [
        mutant.name for mutant in mutants("m.py", '"""Text."""\ndef f(a: int | None) -> "x | y":\n    return not a\n')
    ]
    assert names == ["m.py f: return not a -> return None", "m.py f: not a -> a"]


def test_tests_of_a_module_are_its_own_file_and_those_that_import_it(tree: Path) -> None:
    folder = tree / "tests/unit/core"
    (folder / "test_a.py").write_text("from rw2fa_daemon.core import small\n")
    (folder / "test_b.py").write_text("from rw2fa_daemon.core import other\n")
    (folder / "test_c.py").write_text("from tests.unit.core.helper import something\n")
    (folder / "helper.py").write_text("from rw2fa_daemon.core.small import below as something\n")
    names = ["test_small.py", "test_a.py", "test_c.py"]
    assert files_of_tests(tree, MODULE) == [f"tests/unit/core/{name}" for name in names]
    assert len(files_of_tests(tree, "rw2fa_daemon/core/nobody_imports_it.py")) == 4


def test_lines_that_were_added_or_rewritten_are_read_from_a_diff() -> None:
    one = "--- a/f\n+++ b/f\n@@ -1 +1,2 @@ x\n-a\n+b\n+c\n@@ -9,2 +10,0 @@\n-d\n-e\n"
    other = "--- /dev/null\n+++ b/g\n@@ -0,0 +1 @@\n+a\n"
    assert lines_of(one + other) == {"f": {1, 2}, "g": {1}}


def test_a_clone_with_one_commit_has_nothing_to_compare_with(tree: Path, tmp_path: Path) -> None:
    git(tree, "init", "--quiet", "--initial-branch=main")
    commit(tree)
    assert base_of(tree) is None
    (tree / MODULE).write_text(SOURCE.replace("LIMIT = 3", "LIMIT = 4"))
    commit(tree)
    base = base_of(tree)
    assert base is not None
    assert changed_lines(tree, base) == {MODULE: {1}}
    git(tmp_path, "clone", "--quiet", "--depth=1", tree.as_uri(), "shallow")
    assert base_of(tmp_path / "shallow") is None


def test_a_branch_is_compared_with_where_it_left_main(tree: Path, tmp_path: Path) -> None:
    git(tree, "init", "--quiet", "--initial-branch=main")
    commit(tree)
    git(tmp_path, "clone", "--quiet", str(tree), "clone")
    for limit in ("4", "5"):
        (tmp_path / "clone" / MODULE).write_text(SOURCE.replace("LIMIT = 3", f"LIMIT = {limit}"))
        (tmp_path / "clone" / f"file{limit}").write_text("")
        commit(tmp_path / "clone")
    base = base_of(tmp_path / "clone")
    assert base is not None
    assert changed_lines(tmp_path / "clone", base) == {MODULE: {1}}
    assert not subprocess.run(
        ["git", "diff", "--quiet", base, "HEAD~2"], cwd=tmp_path / "clone", check=False
    ).returncode
