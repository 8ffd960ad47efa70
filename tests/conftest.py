"""What holds for every test: how hard hypothesis tries, that a skip can be made a failure, one PostgreSQL for all."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.postgresql import Cluster

# Time limits belong to pytest-timeout: on a shared machine hypothesis' own would only make tests flaky.
settings.register_profile("quick", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
# For mutants: that a test fails is enough, whatever the smallest example is.
settings.register_profile(
    "unshrunk", parent=settings.get_profile("quick"), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
settings.register_profile("usual", parent=settings.get_profile("quick"), max_examples=200)
settings.register_profile("thorough", parent=settings.get_profile("quick"), max_examples=5000)
settings.load_profile(os.environ.get("RW2FA_HYPOTHESIS", "usual"))

NO_SKIPS = os.environ.get("RW2FA_NO_SKIPS") == "1"


def _as_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip, its reason kept, into a failure: where everything can run, a test that does not proves nothing."""
    if not NO_SKIPS or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"a skip counts as a failure here (RW2FA_NO_SKIPS=1): {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _as_failure(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _as_failure(report)
    return report


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL for this test process; whoever uses it empties it first."""
    with Cluster.make() as cluster:
        yield cluster
