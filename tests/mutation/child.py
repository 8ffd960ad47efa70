"""What runs in a forked child: pytest on one tree, once to measure it, then once for each mutant.

The parent has imported everything that the tests need except our own code, which is what makes a run cheap.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

import pytest

PR_SET_PDEATHSIG: Final = 1
"""From <linux/prctl.h>: end with the parent."""
OURS: Final = {"rw2fa_daemon", "tests"}
GRACE_CPU_SECONDS: Final = 2.0
GRACE_TIMES: Final = 10
"""A test that takes the first and its usual processor time so often hangs."""
STARTING_CPU_SECONDS: Final = 20.0
"""For importing and collecting."""
ARGUMENTS: Final = (
    *("-q", "--tb=no", "--no-header", "--hypothesis-seed=0", "-m", "not slow"),
    *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:pytest_cov"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


class Measuring:
    """A pytest plugin: how much processor time each test takes, and which fail."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        began = time.process_time()
        result = yield
        self.cpu[item.nodeid] = time.process_time() - began
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)


class Judging:
    """A pytest plugin: the chosen tests in the order given, each with a limit of processor time."""

    def __init__(self, tests: Sequence[str], cpu: dict[str, float]) -> None:
        self._rank = {nodeid: at for at, nodeid in enumerate(tests)}
        self._cpu = cpu

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._rank), key=lambda item: self._rank[item.nodeid]
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        signal.setitimer(signal.ITIMER_PROF, GRACE_CPU_SECONDS + GRACE_TIMES * self._cpu[item.nodeid])
        return (yield)


def measure(tree: Path, files: Sequence[str], result: Path) -> int:
    """Run these files of tests; `result` gets what was measured, as JSON. 0 unless they cannot be run at all."""
    _enter(tree, limit=None)
    plugin = Measuring()
    status = pytest.main([*ARGUMENTS, *files], [plugin])
    imported = [name for name in sys.modules if name.partition(".")[0] not in {*OURS, "__main__"}]
    result.write_text(json.dumps({"cpu": plugin.cpu, "failed": sorted(plugin.failed), "imported": imported}))
    return 0 if status in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} else 1


def judge(tree: Path, tests: Sequence[str], cpu: dict[str, float]) -> int:
    """Run these tests up to the first failure; pytest's status."""
    usual = sum(cpu[nodeid] for nodeid in tests)
    _enter(tree, limit=int(STARTING_CPU_SECONDS + GRACE_CPU_SECONDS + GRACE_TIMES * usual))
    sys.dont_write_bytecode = True
    files = list(dict.fromkeys(nodeid.partition("::")[0] for nodeid in tests))
    return pytest.main([*ARGUMENTS, "-x", *files], [Judging(tests, cpu)])


def _enter(tree: Path, limit: int | None) -> None:
    """Be a process of this tree: silent, with its code first on the path, and ended by the kernel if it hangs."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    silent = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1) if limit is None else (0, 1, 2):
        os.dup2(silent, descriptor)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, STARTING_CPU_SECONDS)
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    os.environ["RW2FA_HYPOTHESIS"] = "unshrunk"
    os.environ.pop("PYTEST_ADDOPTS", None)
