"""With RW2FA_NO_SKIPS=1 a test that does not run is a failure, wherever it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[2] / "conftest.py"

SKIPS = {
    "a mark": "@pytest.mark.skip(reason='no kernel')\ndef test_it(): pass",
    "a condition": "@pytest.mark.skipif(True, reason='no kernel')\ndef test_it(): pass",
    "the test itself": "def test_it(): pytest.skip('no kernel')",
    "a fixture": "@pytest.fixture\ndef it(): pytest.skip('no kernel')\ndef test_it(it): pass",
    "the whole file": "pytest.skip('no kernel', allow_module_level=True)",
}


def run(folder: Path, body: str, no_skips: str) -> subprocess.CompletedProcess[str]:
    """Run a file with this body under the project's conftest."""
    shutil.copy(CONFTEST, folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_skipped.py").write_text(f"import pytest\n{body}\n\ndef test_other(): pass\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "RW2FA_NO_SKIPS": no_skips},
    )


@pytest.mark.parametrize("skipped_by", SKIPS)
def test_a_skip_is_a_failure_where_everything_can_run(tmp_path: Path, skipped_by: str) -> None:
    done = run(tmp_path, SKIPS[skipped_by], "1")
    assert done.returncode != 0, done.stdout
    assert "no kernel" in done.stdout


@pytest.mark.parametrize("skipped_by", SKIPS)
def test_a_skip_is_a_skip_elsewhere(tmp_path: Path, skipped_by: str) -> None:
    done = run(tmp_path, SKIPS[skipped_by], "")
    assert done.returncode in {0, 5}, done.stdout
    assert "1 skipped" in done.stdout
