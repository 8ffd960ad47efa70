"""With RW2FA_NO_SKIPS=1 a test that does not run is a failure, wherever it says so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).resolve().parents[2] / "conftest.py"

SKIPS = {
    "a mark": "@pytest.mark.skip(reason='no kernel')\ndef test_it(): pass",
    "a condition": "@pytest.mark.skipif(True, reason='no kernel')\ndef test_it(): pass",
    "the test itself": "def test_it(): pytest.skip('no kernel')",
    "a fixture": "@pytest.fixture\ndef it(): pytest.skip('no kernel')\ndef test_it(it): pass",
    "the whole file": "pytest.skip('no kernel', allow_module_level=True)",
}


def outcomes(folder: Path, no_skips: str) -> dict[str, str]:
    """Run a file for each of them under the project's conftest: what came of it, and why."""
    shutil.copy(CONFTEST, folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    files = {f"test_{number}": name for number, name in enumerate(SKIPS)}
    for file, name in files.items():
        (folder / f"{file}.py").write_text(f"import pytest\n{SKIPS[name]}\n\ndef test_other(): pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfsE", "-p", "no:cacheprovider", "--continue-on-collection-errors"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "RW2FA_NO_SKIPS": no_skips, "COLUMNS": "300"},
    )
    assert (done.returncode == 0) is (no_skips == ""), done.stdout
    told = re.findall(r"^(FAILED|ERROR|SKIPPED) (?:\[1\] )?(test_\d)\.py.*no kernel", done.stdout, re.MULTILINE)
    return {files[file]: outcome for outcome, file in told}


def test_a_skip_is_a_failure_where_everything_can_run(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "1")
    assert set(found) == set(SKIPS)
    assert set(found.values()) <= {"FAILED", "ERROR"}


def test_a_skip_is_a_skip_elsewhere(tmp_path: Path) -> None:
    assert outcomes(tmp_path, "") == dict.fromkeys(SKIPS, "SKIPPED")
