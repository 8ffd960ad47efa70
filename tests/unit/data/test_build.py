"""Command, daemon and hook say which build they are."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rw2fa_daemon import __version__
from rw2fa_daemon.data.build import build_text
from rw2fa_daemon.pamstack.module_files import build_of

ROOT = Path(__file__).parents[3]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the stamp is made from, outside any repository."""
    for name in ("script/build-stamp", "rw2fa_daemon/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "rw2fa_daemon/data").mkdir()
    return tmp_path


def stamp(sources: Path) -> tuple[str, str]:
    """What the hook, and what the Python side, is going to say."""
    subprocess.run([sources / "script/build-stamp", "build"], check=True)
    return (sources / "build/build.h").read_text(), (sources / "rw2fa_daemon/data/build.toml").read_text()


def git(sources: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    done = subprocess.run(["git", *who, *arguments], cwd=sources, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_hook_and_command_were_built_from_the_same_sources() -> None:
    assert build_of(ROOT / "build/pam_rw2fa.so") == build_text()


def test_a_build_says_commit_and_date_and_whether_something_was_changed_since(sources: Path) -> None:
    git(sources, "init", "--quiet")
    git(sources, "add", ".")
    git(sources, "commit", "--quiet", "--message", "All of it", "--date", "2001-01-01T00:00:00Z")
    commit = git(sources, "rev-parse", "--short=12", "HEAD")
    header, toml = stamp(sources)
    assert re.search(rf'"@\(#\)pam_rw2fa {re.escape(__version__)} \(commit {commit}, \d{{4}}-\d\d-\d\d\)"', header)
    assert f'commit = "{commit}"' in toml

    with (sources / "script/build-stamp").open("a") as script:
        script.write("\n")
    assert f"{commit}-dirty" in stamp(sources)[0]


def test_a_build_without_a_repository_says_its_version_alone(sources: Path) -> None:
    header, toml = stamp(sources)
    assert header == f'#define RW2FA_BUILD "@(#)pam_rw2fa {__version__}"\n'
    assert 'commit = ""' in toml


def test_what_says_nothing_of_its_build_has_none(tmp_path: Path) -> None:
    (tmp_path / "other.so").write_bytes(b"\x7fELF something else")
    assert build_of(tmp_path / "other.so") == ""
