"""`script/demo` itself: what it claims is checked by the demo; here, that it comes to its end and leaves nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.world.paths import REPOSITORY

pytestmark = pytest.mark.timeout(300)


def run_demo(*arguments: str) -> str:
    """What the demo prints, without script/demo's installing and building, which got us here."""
    done = subprocess.run(
        [sys.executable, "-m", "demo", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it was true" in done.stdout
    return done.stdout


@pytest.mark.namespaces
def test_the_demo_on_real_programs_ends_well_and_changes_nothing(namespaces: None) -> None:
    watched = (
        Path("/etc/pam.d/sshd"),
        Path("/etc/pam.d/xrdp-sesman"),
        Path("/etc/pam.d/common-auth"),
        Path("/etc/passwd"),
    )
    before = [file.read_bytes() for file in watched]
    told = run_demo()
    assert "xrdp-sesman refuses her before the password is looked at" in told
    assert "✗" not in told
    assert [file.read_bytes() for file in watched] == before


def test_the_demo_without_namespaces_shows_the_same_steps() -> None:
    told = run_demo("--without-namespaces")
    for step in (
        "first SSH login",
        "The same code again",
        "A key alone",
        "Key and code",
        "remote-desktop",
        "whitelist",
    ):
        assert step in told
