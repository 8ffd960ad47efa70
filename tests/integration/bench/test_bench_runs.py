"""All of the bench, with a few logins of each kind."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.namespaces
@pytest.mark.timeout(300)
def test_promise_1_quick_bench_sees_no_wrong_outcome() -> None:
    run = subprocess.run([ROOT / "bench/run", "--quick"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "rw2fa, discrepancy 480" in run.stdout
