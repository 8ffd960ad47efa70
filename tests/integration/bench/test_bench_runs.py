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


@pytest.mark.namespaces
@pytest.mark.timeout(300)
def test_promise_1_quick_bench_of_the_portal_lets_everybody_in_who_has_a_code() -> None:
    run = subprocess.run([ROOT / "bench/run", "--portal", "--quick"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    rows = {line.split(" (")[0]: line for line in run.stdout.splitlines()}
    for what in ("4 logons at once, let in", "screens at once, 4 of them opened at a time"):
        assert rows[what].rstrip().endswith("reached"), run.stdout
